/**
 * The second section of a compressed block: sequences of some literals and a match each, in three interleaved entropy codes.
 *
 * Source: RFC 8878, 3.1.1.3.2 and 3.1.1.4.
 */
import { copyBytes, copyMatch } from '../copy.ts';
import { corrupt, TOO_SMALL } from '../corrupt.ts';
import { BackwardBits } from './bits.ts';
import { buildTable, type FseTable, readTable, tableOfOne } from './fse.ts';
import type { Literals } from './literals.ts';

const CODEC = 'zstd';
const MODE = { predefined: 0, run: 1, coded: 2, again: 3 } as const;
/** Above this the count of sequences takes two bytes more. */
const LONG_COUNT = 0x7f00;

/** What is fixed about one of the three codes. */
interface Alphabet {
  readonly maxSymbol: number;
  readonly maxLog: number;
  readonly predefined: FseTable;
}

function alphabet(maxSymbol: number, maxLog: number, predefinedLog: number, counts: readonly number[]): Alphabet {
  return { maxSymbol, maxLog, predefined: buildTable(counts, predefinedLog) };
}

function repeat(value: number, times: number): number[] {
  return new Array<number>(times).fill(value);
}

const LITERAL_LENGTHS = alphabet(35, 9, 6, [
  4,
  3,
  ...repeat(2, 11),
  1,
  1,
  1,
  ...repeat(2, 9),
  3,
  2,
  ...repeat(1, 5),
  ...repeat(-1, 4),
]);
const OFFSETS = alphabet(31, 8, 5, [...repeat(1, 6), 2, 2, 2, ...repeat(1, 15), ...repeat(-1, 5)]);
const MATCH_LENGTHS = alphabet(52, 9, 6, [1, 4, 3, ...repeat(2, 6), ...repeat(1, 37), ...repeat(-1, 7)]);

/** A symbol stands for its base and the number in this many bits more. */
const LITERAL_BITS: Uint8Array = Uint8Array.of(
  ...repeat(0, 16),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  6,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
);
const MATCH_BITS: Uint8Array = Uint8Array.of(
  ...repeat(0, 32),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  7,
  8,
  9,
  10,
  11,
  12,
  13,
  14,
  15,
  16,
);
const LITERAL_BASES: Uint32Array = basesOf(LITERAL_BITS, 0);
const MATCH_BASES: Uint32Array = basesOf(MATCH_BITS, 3);

function basesOf(bits: Uint8Array, first: number): Uint32Array {
  let base = first;
  return Uint32Array.from(bits, (count) => {
    const own = base;
    base += 2 ** count;
    return own;
  });
}

/** What a block leaves to the next one of its frame. */
export class Sequences {
  #literalLengths: FseTable | undefined;
  #offsets: FseTable | undefined;
  #matchLengths: FseTable | undefined;
  /** The last three distances. */
  #latest = 1;
  #second = 4;
  #third = 8;

  /** A new frame knows nothing of the one before. */
  reset(): void {
    this.#literalLengths = undefined;
    this.#offsets = undefined;
    this.#matchLengths = undefined;
    this.#latest = 1;
    this.#second = 4;
    this.#third = 8;
  }

  /**
   * Executes the section `bytes[start, end)`: writes the block to `target[targetStart, ...)`. Matches go back to `frameStart`
   * at most, and the block is at most `maxBlock` bytes.
   *
   * @returns the position behind the block, or -1 when it does not fit
   * @throws SeglogError `CORRUPT_COMPRESSED_DATA`
   */
  execute(
    bytes: Uint8Array,
    start: number,
    end: number,
    literals: Literals,
    target: Uint8Array,
    targetStart: number,
    frameStart: number,
    maxBlock: number,
  ): number {
    if (start >= end) throw corrupt(CODEC, 'the sequences are missing');
    let at = start;
    let count = bytes[at++] as number;
    if (count >= 0x80) {
      const isLong = count === 0xff;
      if (end - at < (isLong ? 2 : 1)) throw corrupt(CODEC, 'the sequences are cut off');
      count = isLong
        ? (bytes[at] as number) + ((bytes[at + 1] as number) << 8) + LONG_COUNT
        : ((count - 0x80) << 8) + (bytes[at] as number);
      at += isLong ? 2 : 1;
    }
    const out = { position: targetStart, literal: 0 };
    if (count > 0) {
      const isWritten = this.#run(
        count,
        bytes,
        this.#readTables(bytes, at, end),
        end,
        literals,
        target,
        out,
        frameStart,
        targetStart + maxBlock,
      );
      if (!isWritten) return TOO_SMALL;
    } else if (at !== end) throw corrupt(CODEC, 'bytes follow the sequences');
    const rest = literals.length - out.literal;
    if (rest > targetStart + maxBlock - out.position) throw corrupt(CODEC, 'a block is larger than it may be');
    if (rest > target.length - out.position) return TOO_SMALL;
    copyBytes(literals.bytes, out.literal, rest, target, out.position);
    return out.position + rest;
  }

  /** @returns where the bits of the sequences start */
  #readTables(bytes: Uint8Array, start: number, end: number): number {
    if (start >= end) throw corrupt(CODEC, 'the sequences are cut off');
    const modes = bytes[start] as number;
    if ((modes & 3) !== 0) throw corrupt(CODEC, 'a reserved bit of the sequences is set');
    let at = start + 1;
    const read = (mode: number, { maxSymbol, maxLog, predefined }: Alphabet, last: FseTable | undefined): FseTable => {
      if (mode === MODE.predefined) return predefined;
      if (mode === MODE.again) {
        if (last === undefined) throw corrupt(CODEC, 'the first sequences have no code of their own');
        return last;
      }
      if (mode === MODE.run) {
        const symbol = at < end ? (bytes[at++] as number) : Number.POSITIVE_INFINITY;
        if (symbol > maxSymbol) throw corrupt(CODEC, 'an unknown symbol in the sequences');
        return tableOfOne(symbol);
      }
      const { table, end: next } = readTable(bytes, at, end, maxSymbol, maxLog);
      at = next;
      return table;
    };
    this.#literalLengths = read(modes >>> 6, LITERAL_LENGTHS, this.#literalLengths);
    this.#offsets = read((modes >>> 4) & 3, OFFSETS, this.#offsets);
    this.#matchLengths = read((modes >>> 2) & 3, MATCH_LENGTHS, this.#matchLengths);
    return at;
  }

  /** @returns false when the target is too small */
  #run(
    count: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    literals: Literals,
    target: Uint8Array,
    out: { position: number; literal: number },
    frameStart: number,
    blockEnd: number,
  ): boolean {
    const bits = new BackwardBits(bytes, start, end, 'sequences');
    const lengths = this.#literalLengths as FseTable;
    const offsets = this.#offsets as FseTable;
    const matches = this.#matchLengths as FseTable;
    let lengthState = bits.read(lengths.log);
    let offsetState = bits.read(offsets.log);
    let matchState = bits.read(matches.log);
    let position = out.position;
    let literal = out.literal;
    for (let left = count; left > 0; left--) {
      const offsetCode = offsets.symbols[offsetState] as number;
      const matchCode = matches.symbols[matchState] as number;
      const lengthCode = lengths.symbols[lengthState] as number;
      const offsetValue = 2 ** offsetCode + bits.readLong(offsetCode);
      const matchLength = (MATCH_BASES[matchCode] as number) + bits.read(MATCH_BITS[matchCode] as number);
      const literalLength = (LITERAL_BASES[lengthCode] as number) + bits.read(LITERAL_BITS[lengthCode] as number);
      if (left > 1) {
        lengthState = (lengths.next[lengthState] as number) + bits.read(lengths.bits[lengthState] as number);
        matchState = (matches.next[matchState] as number) + bits.read(matches.bits[matchState] as number);
        offsetState = (offsets.next[offsetState] as number) + bits.read(offsets.bits[offsetState] as number);
      }
      if (bits.position < 0) throw corrupt(CODEC, 'the sequences are cut off');
      const distance = this.#distance(offsetValue, literalLength === 0);
      if (literalLength > literals.length - literal)
        throw corrupt(CODEC, 'the sequences take more literals than there are');
      if (distance <= 0 || distance > position + literalLength - frameStart)
        throw corrupt(CODEC, 'a match points before the start of its frame');
      if (literalLength + matchLength > blockEnd - position) throw corrupt(CODEC, 'a block is larger than it may be');
      if (literalLength + matchLength > target.length - position) return false;
      copyBytes(literals.bytes, literal, literalLength, target, position);
      literal += literalLength;
      position += literalLength;
      copyMatch(target, position, distance, matchLength);
      position += matchLength;
    }
    if (bits.position !== 0) throw corrupt(CODEC, 'bits remain behind the sequences');
    out.position = position;
    out.literal = literal;
    return true;
  }

  /** Values 1 to 3 name a recent distance, one further when no literals precede: the third is then the latest less 1. */
  #distance(value: number, noLiterals: boolean): number {
    const index = value > 3 ? -1 : noLiterals ? value : value - 1;
    const latest = this.#latest;
    if (index === 0) return latest;
    const distance = index < 0 ? value - 3 : index === 1 ? this.#second : index === 2 ? this.#third : latest - 1;
    if (index !== 1) this.#third = this.#second;
    this.#second = latest;
    this.#latest = distance;
    return distance;
  }
}
