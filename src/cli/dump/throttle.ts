/** Reading at no more than so many bytes a second: a disk that serves a broker has better things to do. */
import type { Clock } from '../../clock/clock.ts';
import type { File, FileSystem } from '../../fs/contract.ts';

/** How often a second is paused, about; and how much is read at once at most, whatever the speed. */
const PAUSES_PER_SECOND = 20;
const LARGEST_READ_BYTES = 1024 * 1024;

/** A view of `fs` whose files are read at `bytesPerSecond` in all. The thread waits: nothing is read ahead meanwhile. */
export function throttled(fs: FileSystem, bytesPerSecond: number, clock: Clock): FileSystem {
  const pace = new Pace(bytesPerSecond, clock);
  return {
    ...fs,
    open: (path, mode) => new ThrottledFile(fs.open(path, mode), pace),
    readSmall(path, maxBytes) {
      pace.wait();
      const bytes = fs.readSmall(path, maxBytes);
      pace.took(bytes?.length ?? 0);
      return bytes;
    },
  };
}

/** When the next byte may be read. */
class Pace {
  readonly #bytesPerSecond: number;
  readonly #clock: Clock;
  /** How many bytes are read at once. */
  readonly step: number;
  #nextMs: number;

  constructor(bytesPerSecond: number, clock: Clock) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#clock = clock;
    this.step = Math.min(LARGEST_READ_BYTES, Math.max(1, Math.ceil(bytesPerSecond / PAUSES_PER_SECOND)));
    this.#nextMs = clock.monotonicMs();
  }

  /** Returns once the bytes that were read are paid for. */
  wait(): void {
    const now = this.#clock.monotonicMs();
    if (this.#nextMs > now) this.#clock.block(this.#nextMs - now);
    // Time in which nothing was read is not saved up: no burst follows it.
    else this.#nextMs = now;
  }

  /** Counts bytes that were read. */
  took(bytes: number): void {
    this.#nextMs += (bytes * 1000) / this.#bytesPerSecond;
  }
}

/** Without a descriptor, so that native code reads through it too. */
class ThrottledFile implements File {
  readonly fd = undefined;
  readonly path: string;
  readonly #file: File;
  readonly #pace: Pace;

  constructor(file: File, pace: Pace) {
    this.path = file.path;
    this.#file = file;
    this.#pace = pace;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    let done = 0;
    while (done < length) {
      const wanted = Math.min(this.#pace.step, length - done);
      this.#pace.wait();
      const filled = this.#file.read(into, start + done, wanted, position + done);
      this.#pace.took(filled);
      done += filled;
      if (filled < wanted) break;
    }
    return done;
  }

  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    return this.read(into, start, length, position);
  }

  sizeBytes(): number {
    return this.#file.sizeBytes();
  }

  write(from: Uint8Array, start: number, end: number, position: number): void {
    this.#file.write(from, start, end, position);
  }

  truncate(sizeBytes: number): void {
    this.#file.truncate(sizeBytes);
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  syncSync(): void {
    this.#file.syncSync();
  }

  close(): void {
    this.#file.close();
  }
}
