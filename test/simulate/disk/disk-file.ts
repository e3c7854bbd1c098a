/**
 * A file of a simulated disk, apart from its names: what programs see of it (the page cache), and what of that is durable. Each
 * page reaches the disk by itself, in any of the states that it was in since the last sync; so does the size.
 */
import type { Random } from '../../support/random.ts';

/** One change of a file's bytes: some are written, or the file is cut or made longer. */
export type Change = { readonly position: number; readonly bytes: Uint8Array } | { readonly sizeBytes: number };

/** The page of Linux; and smaller ones, so that small logs are torn as large ones are: a sector, and less than any disk has. */
const PAGE_BYTES = [4096, 4096, 512, 64, 16] as const;

export class DiskFile {
  readonly isDirectory = false;
  modifiedMs = 0;
  #content: Uint8Array = new Uint8Array(0);
  #sizeBytes = 0;
  #synced: Uint8Array = new Uint8Array(0);
  #unsynced: Change[] = [];
  #settled = 0;
  /** A sync failed: what programs see is not what comes to the disk, whatever is synced. */
  #isGhost = false;

  static durable(bytes: Uint8Array, modifiedMs: number): DiskFile {
    const made = new DiskFile();
    made.#content = bytes;
    made.#sizeBytes = bytes.length;
    // Its own: the content is changed in place.
    made.#synced = bytes.slice();
    made.modifiedMs = modifiedMs;
    return made;
  }

  /** What a program reads; a view. */
  get bytes(): Uint8Array {
    return this.#content.subarray(0, this.#sizeBytes);
  }

  change(change: Change): void {
    this.#apply(change);
    this.#unsynced.push(change);
  }

  #apply(change: Change): void {
    if ('sizeBytes' in change) {
      this.#reserve(change.sizeBytes);
      if (change.sizeBytes < this.#sizeBytes) this.#content.fill(0, change.sizeBytes, this.#sizeBytes);
      this.#sizeBytes = change.sizeBytes;
      return;
    }
    const end = change.position + change.bytes.length;
    this.#reserve(end);
    this.#content.set(change.bytes, change.position);
    this.#sizeBytes = Math.max(this.#sizeBytes, end);
  }

  #reserve(sizeBytes: number): void {
    if (sizeBytes <= this.#content.length) return;
    const grown = new Uint8Array(Math.max(sizeBytes, 2 * this.#content.length));
    grown.set(this.bytes);
    this.#content = grown;
  }

  /** How many changes there were. */
  get changes(): number {
    return this.#settled + this.#unsynced.length;
  }

  /** The first `count` changes are on the disk. */
  sync(count: number): void {
    const isAll = count >= this.changes && !this.#isGhost;
    const settled = this.#unsynced.splice(0, Math.max(0, count - this.#settled));
    if (settled.length === 0) return;
    this.#settled += settled.length;
    this.#synced = isAll ? this.bytes.slice() : replayed(this.#synced, settled);
  }

  /**
   * A sync fails: some of it came to the disk, and the system takes all of it for written, so that no later sync tries again.
   * Programs see it until {@link DiskFile.evict}.
   */
  failSync(random: Random): void {
    this.#synced = this.afterLoss(random, 0.5);
    this.#settled += this.#unsynced.length;
    this.#unsynced = [];
    this.#isGhost = true;
  }

  /** The page cache forgets what it takes for written: from now on programs see what is on the disk. */
  evict(): void {
    if (!this.#isGhost) return;
    this.#isGhost = false;
    this.#content = replayed(this.#synced, this.#unsynced);
    this.#sizeBytes = this.#content.length;
  }

  /** The same file on a disk of its own. */
  copy(): DiskFile {
    const made = DiskFile.durable(this.bytes.slice(), this.modifiedMs);
    made.#synced = this.#synced;
    made.#unsynced = [...this.#unsynced];
    made.#settled = this.#settled;
    made.#isGhost = this.#isGhost;
    return made;
  }

  /** What a power loss leaves. @param likelihood of each page, and of the size, to be as it was last */
  afterLoss(random: Random, likelihood: number): Uint8Array {
    if (this.#unsynced.length === 0 || likelihood <= 0) return this.#synced.slice();
    if (likelihood >= 1) return replayed(this.#synced, this.#unsynced);
    const last = this.#unsynced.length;
    const until = (): number => (random.chance(likelihood) ? last : random.chance(0.5) ? 0 : random.between(0, last));
    return new Loss(this.#synced, this.#unsynced, random.pick(PAGE_BYTES), until).bytes();
  }
}

function replayed(bytes: Uint8Array, changes: readonly Change[]): Uint8Array {
  const file = DiskFile.durable(bytes.slice(), 0);
  for (const change of changes) file.change(change);
  return file.bytes.slice();
}

/** Finds out what of a file is left: of each page, and of the size, the state after some number of the changes. */
class Loss {
  readonly #synced: Uint8Array;
  readonly #changes: readonly Change[];
  readonly #pageBytes: number;
  readonly #until: () => number;
  readonly #untilOf = new Map<number, number>();
  readonly #sizeUntil: number;
  /** From which page on the state is at least, or at most, the one at a cut. */
  readonly #cuts: { readonly fromPage: number; readonly at: number; readonly isKept: boolean }[] = [];

  constructor(synced: Uint8Array, changes: readonly Change[], pageBytes: number, until: () => number) {
    this.#synced = synced;
    this.#changes = changes;
    this.#pageBytes = pageBytes;
    this.#until = until;
    this.#sizeUntil = until();
    let size = synced.length;
    for (const [at, change] of changes.entries()) {
      if (!('sizeBytes' in change)) size = Math.max(size, change.position + change.bytes.length);
      else {
        if (change.sizeBytes < size) this.#addCut(change.sizeBytes, at);
        size = change.sizeBytes;
      }
    }
  }

  /**
   * A cut that is on the disk took the pages behind it along, and what the last page had behind it: none of that comes back.
   * Where it is not, the freed pages are what they were; but the last page may have been written since.
   */
  #addCut(sizeBytes: number, at: number): void {
    const isKept = at < this.#sizeUntil;
    const page = sizeBytes / this.#pageBytes;
    this.#cuts.push({ fromPage: isKept ? Math.floor(page) : Math.ceil(page), at, isKept });
  }

  #pageUntil(page: number): number {
    const known = this.#untilOf.get(page);
    if (known !== undefined) return known;
    let until = this.#until();
    for (const { fromPage, at, isKept } of this.#cuts) {
      if (page >= fromPage && isKept) until = Math.max(until, at + 1);
    }
    const undone = this.#cuts.find(({ fromPage, isKept }) => page >= fromPage && !isKept);
    if (undone !== undefined) until = Math.min(until, undone.at);
    this.#untilOf.set(page, until);
    return until;
  }

  bytes(): Uint8Array {
    const ends = this.#changes.map((change) =>
      'sizeBytes' in change ? change.sizeBytes : change.position + change.bytes.length,
    );
    const made = new Uint8Array(Math.max(this.#synced.length, ...ends));
    made.set(this.#synced);
    let size = this.#synced.length;
    for (const [at, change] of this.#changes.entries()) {
      if ('sizeBytes' in change) {
        this.#eachPage(change.sizeBytes, made.length, at, (from, to) => made.fill(0, from, to));
        if (at < this.#sizeUntil) size = change.sizeBytes;
        continue;
      }
      const { position, bytes } = change;
      const end = position + bytes.length;
      this.#eachPage(position, end, at, (from, to) => made.set(bytes.subarray(from - position, to - position), from));
      if (at < this.#sizeUntil) size = Math.max(size, end);
    }
    return made.slice(0, size);
  }

  /** The parts of `[from, end)` whose page has the change `at` in it. */
  #eachPage(from: number, end: number, at: number, work: (from: number, to: number) => void): void {
    for (let start = from; start < end; ) {
      const page = Math.floor(start / this.#pageBytes);
      const to = Math.min(end, (page + 1) * this.#pageBytes);
      if (at < this.#pageUntil(page)) work(start, to);
      start = to;
    }
  }
}
