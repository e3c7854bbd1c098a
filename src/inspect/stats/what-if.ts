/**
 * What compression would do: batches of the log, from all over it, are compressed again with every codec. How many bytes come
 * out does not depend on the machine, how long it takes does.
 */
import { CODEC_IDS, type CodecId, type Engine } from '../../engine/contract.ts';
import { SeglogError } from '../../errors/errors.ts';
import type { Machine } from '../verify/task.ts';
import { batchAt, recordsOf } from './batch-at.ts';
import type { WhatIf, WhatIfKind, WhatIfResult } from './contract.ts';

/** So many places of what is scanned are looked at for a batch. */
export const SAMPLE_PLACES = 256;
/** The sample's size, uncompressed: a few hundred batches of the usual size. */
const SAMPLE_BYTES = 4 * 1024 * 1024;
/** Less time than this says nothing of a speed: the sample is gone over again. */
const LEAST_MS = 5;
const MOST_ROUNDS = 200;

/** Kafka's default levels; gzip's is written as -1. */
const DEFAULTS: Readonly<Record<string, number>> = { gzip: 6, lz4: 9, zstd: 3 };
type Levels = Readonly<Record<'gzip' | 'lz4' | 'zstd', readonly number[]>>;
const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);
const USUAL: Levels = { gzip: [1, 6, 9], lz4: [9, 12, 17], zstd: [1, 3, 6, 9, 12] };
const ALL: Levels = { gzip: upTo(9), lz4: upTo(17), zstd: upTo(22) };

/** A batch that was met during the scan. */
export interface SampledBatch {
  readonly path: string;
  readonly position: number;
  /** Which partition it is of, by its number. */
  readonly partition: number;
}

/** One try. */
interface Trial {
  readonly codec: Exclude<keyof typeof CODEC_IDS, 'none'>;
  readonly level: number | null;
}

/** Uncompressed records of batches. */
interface Sample {
  readonly pieces: readonly Uint8Array[];
  readonly partitions: number;
  readonly sampleBytes: number;
  readonly storedBytes: number;
}

/**
 * Tries the codecs. Null when there is nothing to try them on. Between two codecs others get a turn.
 *
 * @param maxBytes the most bytes that a batch may have, compressed or not
 */
export async function tryCodecs(
  machine: Machine,
  kind: Exclude<WhatIfKind, 'none'>,
  met: readonly SampledBatch[],
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<WhatIf | null> {
  const { engine } = machine;
  const sample = takeSample(machine, met, maxBytes);
  if (sample.sampleBytes === 0) return null;
  const results: WhatIfResult[] = [];
  const unavailable: string[] = [];
  for (const trial of trialsOf(kind === 'all' ? ALL : USUAL)) {
    await new Promise((resume) => setImmediate(resume));
    signal?.throwIfAborted();
    if (isAvailable(engine, trial)) results.push(tryOne(machine, trial, sample));
    else unavailable.push(trial.level === null ? trial.codec : `${trial.codec} ${trial.level}`);
  }
  const { pieces, partitions, sampleBytes, storedBytes } = sample;
  const storedRatio = ratioOf(sampleBytes, storedBytes);
  return { batches: pieces.length, partitions, sampleBytes, storedBytes, storedRatio, results, unavailable };
}

function trialsOf({ gzip, lz4, zstd }: Levels): Trial[] {
  const of = (codec: Trial['codec'], levels: readonly number[]): Trial[] => levels.map((level) => ({ codec, level }));
  return [...of('gzip', gzip), { codec: 'snappy', level: null }, ...of('lz4', lz4), ...of('zstd', zstd)];
}

/** The TypeScript engine has one lz4 compressor, and stores where its Node knows no zstd: that says nothing of the codec. */
function isAvailable(engine: Engine, { codec, level }: Trial): boolean {
  if (engine.name === 'native' || codec === 'gzip' || codec === 'snappy') return true;
  if (codec === 'lz4') return level === DEFAULTS['lz4'];
  const text = Buffer.from('seglog'.repeat(1000));
  const target = new Uint8Array(engine.compressBound(CODEC_IDS.zstd, text.length));
  return engine.compress(CODEC_IDS.zstd, 3, text, 0, text.length, target, 0) < text.length / 2;
}

/** Reads batches again, those far from each other first, until there are enough. */
function takeSample({ engine, fs }: Machine, met: readonly SampledBatch[], maxBytes: number): Sample {
  const pieces: Uint8Array[] = [];
  const partitions = new Set<number>();
  let sampleBytes = 0;
  let storedBytes = 0;
  for (const { path, position, partition } of spread(met)) {
    if (sampleBytes >= SAMPLE_BYTES) break;
    const found = readRecords({ engine, fs }, path, position, maxBytes);
    if (found === undefined || found.records.length === 0) continue;
    const { length } = found.records;
    // The last one may be larger than what is left of the sample.
    const used = Math.min(length, SAMPLE_BYTES - sampleBytes);
    pieces.push(found.records.subarray(0, used));
    partitions.add(partition);
    sampleBytes += used;
    storedBytes += Math.round((found.storedBytes * used) / length);
  }
  return { pieces, partitions: partitions.size, sampleBytes, storedBytes };
}

function readRecords(
  { engine, fs }: Pick<Machine, 'engine' | 'fs'>,
  path: string,
  position: number,
  maxBytes: number,
): ReturnType<typeof recordsOf> | undefined {
  try {
    const file = fs.open(path, 'read');
    try {
      const batch = batchAt(engine, file, position, maxBytes);
      return batch?.magic === 2 ? recordsOf(engine, batch, maxBytes) : undefined;
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof SeglogError) return undefined;
    throw error;
  }
}

/** In an order in which any number of the first ones lies spread over all. */
function spread<T>(things: readonly T[]): T[] {
  const bits = Math.max(1, Math.ceil(Math.log2(things.length)));
  const turned = (at: number): number => {
    let result = 0;
    for (let bit = 0; bit < bits; bit++) result = result * 2 + ((at >>> bit) & 1);
    return result;
  };
  return things
    .map((thing, at) => ({ thing, order: turned(at) }))
    .sort((a, b) => a.order - b.order)
    .map(({ thing }) => thing);
}

function tryOne({ engine, clock }: Machine, { codec, level }: Trial, { pieces, sampleBytes }: Sample): WhatIfResult {
  const id: CodecId = CODEC_IDS[codec];
  const most = pieces.reduce((largest, { length }) => Math.max(largest, length), 0);
  const target = Buffer.allocUnsafeSlow(engine.compressBound(id, most));
  const compress = (piece: Uint8Array): number => engine.compress(id, level ?? 0, piece, 0, piece.length, target, 0);
  // Compressors set themselves up at the first call.
  compress((pieces[0] as Uint8Array).subarray(0, 64));
  let compressedBytes = 0;
  let rounds = 0;
  const startMs = clock.monotonicMs();
  let elapsedMs = 0;
  // A clock that stands still tells no speed, however often.
  while (rounds === 0 || (rounds < MOST_ROUNDS && elapsedMs > 0 && elapsedMs < LEAST_MS)) {
    compressedBytes = 0;
    for (const piece of pieces) compressedBytes += compress(piece);
    rounds++;
    elapsedMs = clock.monotonicMs() - startMs;
  }
  return {
    codec,
    level,
    isDefault: level === null || level === DEFAULTS[codec],
    compressedBytes,
    ratio: ratioOf(sampleBytes, compressedBytes),
    megabytesPerSecond: elapsedMs < LEAST_MS ? null : (rounds * sampleBytes) / elapsedMs / 1000,
  };
}

function ratioOf(bytes: number, compressedBytes: number): number | null {
  return compressedBytes === 0 ? null : bytes / compressedBytes;
}
