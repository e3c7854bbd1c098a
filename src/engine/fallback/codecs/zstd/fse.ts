/**
 * Finite state entropy tables: a symbol, and how to come to the next state, for each state.
 *
 * Source: RFC 8878, 4.1.
 */
import { corrupt } from '../corrupt.ts';

const CODEC = 'zstd';
const MIN_LOG = 5;
/** A count that stands for "less than one": the symbol has one state, at the table's end. */
const LESS_THAN_ONE = -1;

/** Entry `i` of each array belongs to state `i`. */
export interface FseTable {
  /** There are `1 << log` states. */
  readonly log: number;
  readonly symbols: Uint8Array;
  /** The next state is `next` plus this many bits. */
  readonly bits: Uint8Array;
  readonly next: Uint16Array;
}

/** A table and where its description ends. */
export interface ReadTable {
  readonly table: FseTable;
  readonly end: number;
}

/** The table that always gives one symbol, and takes no bits for it. */
export function tableOfOne(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), next: new Uint16Array(1) };
}

/** Builds the table of a distribution. @throws SeglogError `CORRUPT_COMPRESSED_DATA` */
export function buildTable(counts: ArrayLike<number>, log: number): FseTable {
  const size = 1 << log;
  const symbols = new Uint8Array(size);
  const bits = new Uint8Array(size);
  const next = new Uint16Array(size);
  const nextOfSymbol = new Uint16Array(counts.length);
  let high = size - 1;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    const count = counts[symbol] as number;
    if (count === LESS_THAN_ONE) symbols[high--] = symbol;
    nextOfSymbol[symbol] = Math.abs(count);
  }
  // Each symbol's states are spread over the table by a step that comes to every state once.
  const step = (size >>> 1) + (size >>> 3) + 3;
  let state = 0;
  for (let symbol = 0; symbol < counts.length; symbol++) {
    for (let i = 0; i < (counts[symbol] as number); i++) {
      symbols[state] = symbol;
      do state = (state + step) & (size - 1);
      while (state > high);
    }
  }
  if (state !== 0) throw corrupt(CODEC, 'a distribution does not fill its table');
  for (let i = 0; i < size; i++) {
    const symbol = symbols[i] as number;
    const value = nextOfSymbol[symbol] as number;
    nextOfSymbol[symbol] = value + 1;
    const count = log - (31 - Math.clz32(value));
    bits[i] = count;
    next[i] = (value << count) - size;
  }
  return { log, symbols, bits, next };
}

/**
 * Reads a distribution from `bytes[start, end)` and builds its table.
 *
 * @param maxSymbol the largest symbol that may occur
 * @throws SeglogError `CORRUPT_COMPRESSED_DATA`
 */
export function readTable(bytes: Uint8Array, start: number, end: number, maxSymbol: number, maxLog: number): ReadTable {
  let position = 4;
  // At most 16 bits, from anywhere: what lies behind the end reads as zeros, and is refused below.
  const peek = (count: number): number => {
    const at = start + (position >>> 3);
    const byte = (index: number): number => (index < end ? (bytes[index] as number) : 0);
    return ((byte(at) | (byte(at + 1) << 8) | (byte(at + 2) << 16)) >>> (position & 7)) & ((1 << count) - 1);
  };
  if (start >= end) throw corrupt(CODEC, 'a distribution is missing');
  const log = ((bytes[start] as number) & 15) + MIN_LOG;
  if (log > maxLog) throw corrupt(CODEC, 'a distribution is finer than allowed');
  const counts: number[] = [];
  // How much probability is left to give out, and one.
  let remaining = (1 << log) + 1;
  while (remaining > 1 && counts.length <= maxSymbol) {
    // Values below `short` take a bit less.
    const width = 32 - Math.clz32(remaining);
    const threshold = 1 << (width - 1);
    const short = 2 * threshold - 1 - remaining;
    let value = peek(width);
    if ((value & (threshold - 1)) < short) {
      value &= threshold - 1;
      position += width - 1;
    } else {
      if (value >= threshold) value -= short;
      position += width;
    }
    const count = value - 1;
    remaining -= Math.abs(count);
    counts.push(count);
    if (count !== 0) continue;
    for (let repeats = 3; repeats === 3; ) {
      repeats = peek(2);
      position += 2;
      for (let i = 0; i < repeats; i++) counts.push(0);
      if (counts.length > maxSymbol + 1) throw corrupt(CODEC, 'a distribution has too many symbols');
    }
  }
  if (remaining !== 1 || counts.length > maxSymbol + 1) throw corrupt(CODEC, 'a distribution does not add up');
  const next = start + ((position + 7) >>> 3);
  if (next > end) throw corrupt(CODEC, 'a distribution is cut off');
  return { table: buildTable(counts, log), end: next };
}
