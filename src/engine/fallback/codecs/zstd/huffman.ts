/**
 * Huffman codes of literals: up to 12 bits each (the format says 11; the reference library takes one more).
 *
 * Source: RFC 8878, 4.2.
 */
import { corrupt } from '../corrupt.ts';
import { BackwardBits } from './bits.ts';
import { readTable } from './fse.ts';

const CODEC = 'zstd';
const MAX_LOG = 12;
const MAX_WEIGHTS_LOG = 6;
/** 256 symbols; the last one's weight is not written. */
const MAX_WEIGHTS = 255;
/** A description's first byte from here on counts weights of four bits. */
const DIRECT = 128;
/** Where the four streams of large literals start: behind three sizes. */
const JUMP_TABLE = 6;

/** Entry `i`: the symbol whose code the `log` bits `i` start with, and above bit 8 the code's length. */
export interface HuffmanTable {
  readonly log: number;
  readonly entries: Uint16Array;
}

/** Reads a table from `bytes[start, end)`. @throws SeglogError `CORRUPT_COMPRESSED_DATA` */
export function readHuffmanTable(bytes: Uint8Array, start: number, end: number): { table: HuffmanTable; end: number } {
  if (start >= end) throw corrupt(CODEC, 'the code of the literals is missing');
  const first = bytes[start] as number;
  const isDirect = first >= DIRECT;
  const count = first - DIRECT + 1;
  const next = start + 1 + (isDirect ? (count + 1) >>> 1 : first);
  if (next > end) throw corrupt(CODEC, 'the code of the literals is cut off');
  const weights = isDirect ? directWeights(bytes, start + 1, count) : codedWeights(bytes, start + 1, next);
  return { table: buildHuffmanTable(weights), end: next };
}

function directWeights(bytes: Uint8Array, start: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    const pair = bytes[start + (i >>> 1)] as number;
    return i % 2 === 0 ? pair >>> 4 : pair & 15;
  });
}

/** Two states take turns until the bits are used up. */
function codedWeights(bytes: Uint8Array, start: number, end: number): number[] {
  const { table, end: streamStart } = readTable(bytes, start, end, MAX_WEIGHTS, MAX_WEIGHTS_LOG);
  const stream = new BackwardBits(bytes, streamStart, end, "the literals' code");
  let state = stream.read(table.log);
  let other = stream.read(table.log);
  if (stream.position < 0) throw corrupt(CODEC, 'the code of the literals is cut off');
  const weights: number[] = [];
  for (;;) {
    // A state that takes no bits would go on for ever.
    if (weights.length > MAX_WEIGHTS - 2) throw corrupt(CODEC, 'the code of the literals has too many symbols');
    weights.push(table.symbols[state] as number);
    const following = (table.next[state] as number) + stream.read(table.bits[state] as number);
    if (stream.position < 0) {
      weights.push(table.symbols[other] as number);
      return weights;
    }
    state = other;
    other = following;
  }
}

function buildHuffmanTable(weights: readonly number[]): HuffmanTable {
  const ranks = new Uint32Array(MAX_LOG + 2);
  let total = 0;
  for (const weight of weights) {
    if (weight > MAX_LOG) throw corrupt(CODEC, 'a literal has too long a code');
    ranks[weight] = (ranks[weight] as number) + 1;
    total += (1 << weight) >>> 1;
  }
  const log = 32 - Math.clz32(total);
  if (total === 0 || log > MAX_LOG) throw corrupt(CODEC, 'a literal has too long a code');
  // The last weight is what is missing to a power of two.
  const rest = (1 << log) - total;
  const lastWeight = 32 - Math.clz32(rest);
  if (rest !== 1 << (lastWeight - 1)) throw corrupt(CODEC, 'the code of the literals does not add up');
  ranks[lastWeight] = (ranks[lastWeight] as number) + 1;
  const leaves = ranks[1] as number;
  if (leaves < 2 || leaves % 2 === 1) throw corrupt(CODEC, 'the code of the literals does not add up');
  // The longest codes first; among equals the smaller symbol.
  const entries = new Uint16Array(1 << log);
  const starts = new Uint32Array(MAX_LOG + 2);
  for (let weight = 1; weight <= log; weight++)
    starts[weight + 1] = (starts[weight] as number) + ((ranks[weight] as number) << (weight - 1));
  for (let symbol = 0; symbol <= weights.length; symbol++) {
    const weight = symbol === weights.length ? lastWeight : (weights[symbol] as number);
    if (weight === 0) continue;
    const start = starts[weight] as number;
    const span = 1 << (weight - 1);
    entries.fill(symbol | ((log + 1 - weight) << 8), start, start + span);
    starts[weight] = start + span;
  }
  return { log, entries };
}

/** Decodes `bytes[start, end)` to exactly `target[targetStart, targetEnd)`. */
function decodeStream(
  table: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  targetStart: number,
  targetEnd: number,
): void {
  const { log, entries } = table;
  const mask = (1 << log) - 1;
  let { position } = new BackwardBits(bytes, start, end, 'literals');
  let out = targetStart;
  // The bits [position - log, position) choose the entry; those before the first are zeros.
  for (; out < targetEnd && position >= log; out++) {
    const from = position - log;
    const at = start + (from >>> 3);
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16);
    const entry = entries[(word >>> (from & 7)) & mask] as number;
    target[out] = entry & 0xff;
    position -= entry >>> 8;
  }
  const head = (bytes[start] as number) | ((bytes[start + 1] as number) << 8);
  for (; out < targetEnd && position > 0; out++) {
    const entry = entries[((head & ((1 << position) - 1)) << (log - position)) & mask] as number;
    target[out] = entry & 0xff;
    position -= entry >>> 8;
  }
  if (out !== targetEnd || position !== 0) throw corrupt(CODEC, 'a stream of literals does not end where it should');
}

/** Decodes one stream, or four behind their sizes, to `target[0, length)`. @throws SeglogError `CORRUPT_COMPRESSED_DATA` */
export function decodeHuffman(
  table: HuffmanTable,
  isSingle: boolean,
  bytes: Uint8Array,
  start: number,
  end: number,
  target: Uint8Array,
  length: number,
): void {
  if (isSingle) return decodeStream(table, bytes, start, end, target, 0, length);
  if (end - start < JUMP_TABLE + 4) throw corrupt(CODEC, 'the literals are cut off');
  const quarter = (length + 3) >>> 2;
  let at = start + JUMP_TABLE;
  for (let stream = 0; stream < 4; stream++) {
    const size = (bytes[start + stream * 2] as number) | ((bytes[start + stream * 2 + 1] as number) << 8);
    const streamEnd = stream === 3 ? end : at + size;
    if (streamEnd > end || quarter * stream > length) throw corrupt(CODEC, 'the literals are cut off');
    decodeStream(
      table,
      bytes,
      at,
      streamEnd,
      target,
      quarter * stream,
      stream === 3 ? length : Math.min(length, quarter * (stream + 1)),
    );
    at = streamEnd;
  }
}
