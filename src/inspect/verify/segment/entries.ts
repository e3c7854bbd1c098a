/** The entries of an index file, and what has become of each while the .log was gone over. */
import { basename } from 'node:path';
import type { File } from '../../../fs/contract.ts';
import { MAX_INT32 } from '../../../units/units.ts';
import type { Int64 } from '../../int64.ts';
import { endOfZeros } from '../../zeros.ts';
import { makeFinding } from '../finding.ts';
import type { FindingSink } from '../sink.ts';

/** More entries than an index of the usual size has by far are not looked at: memory is bounded. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;
const WINDOW_BYTES = 1024 * 1024;

/** What is known of an entry. */
export const VERDICTS = {
  /** The .log ended before the place that it names. */
  unseen: 0,
  right: 1,
  wrong: 2,
  /** It names a damaged place: nothing can be said. */
  unjudged: 3,
  /** It names the first batch of an append, and the append's last offset. */
  ofAppend: 4,
  /** It says what the entry before it says. */
  repeated: 5,
} as const;
/** One of {@link VERDICTS}. */
export type Verdict = (typeof VERDICTS)[keyof typeof VERDICTS];

/** How far an index is from the .log, as far as it is known without it. */
export class IndexEntries {
  readonly path: string;
  readonly entrySize: number;
  /** How many entries there are before the zero tail. */
  readonly count: number;
  readonly view: DataView;
  readonly verdicts: Uint8Array;
  /** Whether its length or its tail have been told of: what lacks at the end is no news then. */
  readonly isCut: boolean;

  /**
   * Reads the entries and tells what the file is without a .log.
   *
   * @param isLive whether somebody has the segment open: then it is larger than its entries, as it should be
   */
  constructor(file: File, entrySize: number, sink: FindingSink, isLive: boolean) {
    this.path = file.path;
    this.entrySize = entrySize;
    const sizeBytes = file.sizeBytes();
    const usedBytes = Math.ceil(endOfData(file, sizeBytes) / entrySize) * entrySize;
    const isPadded = usedBytes + entrySize <= sizeBytes;
    const isOdd = !isPadded && sizeBytes % entrySize !== 0;
    const isHuge = Math.min(usedBytes, sizeBytes) > MAX_ENTRY_BYTES;
    this.count = isHuge ? 0 : Math.floor(Math.min(usedBytes, sizeBytes) / entrySize);
    this.isCut = isPadded || isOdd || isHuge;
    this.verdicts = new Uint8Array(this.count);
    const bytes = Buffer.allocUnsafeSlow(this.count * entrySize);
    file.read(bytes, 0, bytes.length, 0);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (isPadded) {
      const details = { position: usedBytes, expected: `${usedBytes} bytes`, found: `${sizeBytes} bytes` };
      sink.add(makeFinding('INDEX_UNTRIMMED', this.path, { ...details, ...(isLive ? { severity: 'info' } : {}) }));
    }
    if (isOdd || isHuge) {
      const position = isHuge ? MAX_ENTRY_BYTES : this.count * entrySize;
      const expected = isHuge ? `at most ${MAX_ENTRY_BYTES} bytes` : `a multiple of ${entrySize} bytes`;
      sink.add(makeFinding('INDEX_LENGTH_INVALID', this.path, { position, expected, found: `${sizeBytes} bytes` }));
    }
  }

  /** Slots in the order of a key, for what does not stand in order. */
  sorted(keyOf: (slot: number) => number): Int32Array {
    const order = new Int32Array(this.count);
    let rises = true;
    for (let slot = 0; slot < this.count; slot++) {
      order[slot] = slot;
      if (slot > 0 && keyOf(slot) < keyOf(slot - 1)) rises = false;
    }
    return rises ? order : order.sort((a, b) => keyOf(a) - keyOf(b) || a - b);
  }

  /** How many entries have that verdict. */
  countOf(verdict: Verdict): number {
    return this.verdicts.reduce((count, found) => (found === verdict ? count + 1 : count), 0);
  }

  /** Tells of the entries with one of `verdicts`, those in a row as one. */
  tell(
    sink: FindingSink,
    code: 'INDEX_ENTRY_WRONG' | 'INDEX_NOT_RISING' | 'INDEX_OF_APPENDS',
    verdicts: readonly Verdict[],
    expected: string,
    describe: (slot: number) => { readonly found: string; readonly offset: Int64 },
  ): void {
    const isMeant = (slot: number): boolean => verdicts.some((verdict) => verdict === this.verdicts[slot]);
    for (let slot = 0; slot < this.count; slot++) {
      if (!isMeant(slot)) continue;
      const first = slot;
      while (slot + 1 < this.count && isMeant(slot + 1)) slot++;
      const { found, offset } = describe(first);
      const rows = slot - first + 1;
      sink.add(
        makeFinding(code, this.path, {
          position: first * this.entrySize,
          offsets: [offset, rows === 1 ? offset : describe(slot).offset],
          expected,
          found: rows === 1 ? found : `${rows} entries from ${found} on`,
        }),
      );
    }
  }

  /** The file's name, for sentences. */
  get name(): string {
    return basename(this.path);
  }
}

/** Where the zeros at the end of a file start: its size, when there are none. Reads no more than a segment has. */
function endOfData(file: File, sizeBytes: number): number {
  const window = Buffer.allocUnsafeSlow(Math.min(WINDOW_BYTES, sizeBytes));
  const limit = Math.min(sizeBytes, MAX_INT32);
  // Most indexes are whole: then the last bytes say so at once.
  const tail = file.read(window, 0, Math.min(8, limit), Math.max(0, sizeBytes - 8));
  if (sizeBytes > limit || window.subarray(0, tail).some((byte) => byte !== 0)) return sizeBytes;
  let end = 0;
  for (let position = 0; position < limit; ) {
    const zerosEnd = endOfZeros(file, position, limit);
    if (zerosEnd >= limit) return end;
    const filled = file.read(window, 0, Math.min(window.length, limit - zerosEnd), zerosEnd);
    if (filled === 0) return end;
    let last = filled - 1;
    while (last >= 0 && window[last] === 0) last--;
    end = zerosEnd + last + 1;
    position = zerosEnd + filled;
  }
  return end;
}
