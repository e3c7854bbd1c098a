/** The files that Kafka wrote, and what it says of them: see fixtures/README.md. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const FIXTURES = fileURLToPath(new URL('../../fixtures/kafka-4.3.1', import.meta.url));

/** A batch line of `expected/`. */
export interface ExpectedBatch {
  type: 'batch';
  position: number;
  size: number;
  magic: number;
  baseOffset: number;
  lastOffset: number;
  count: number | null;
  compression: string;
  timestampType: string;
  maxTimestamp: number;
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  lastSequence: number;
  partitionLeaderEpoch: number;
  isTransactional: boolean;
  isControl: boolean;
  deleteHorizonMs: number | null;
  crc: number | null;
  valid: boolean;
}

/** A record line of `expected/`. */
export interface ExpectedRecord {
  type: 'record';
  offset: number;
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: [string, string | null][];
}

export type ExpectedLine = ExpectedBatch | ExpectedRecord;

/** A .log file of the fixtures for which Kafka's reading is known. */
export interface Segment {
  set: 'clean' | 'unclean' | 'legacy';
  partition: string;
  file: string;
  path: string;
}

/** All of them. */
export function segments(...sets: Segment['set'][]): Segment[] {
  return sets.flatMap((set) =>
    readdirSync(join(FIXTURES, 'expected', set)).flatMap((partition) =>
      readdirSync(join(FIXTURES, 'expected', set, partition)).map((name) => {
        const file = name.slice(0, -'.jsonl.gz'.length);
        return { set, partition, file, path: join(FIXTURES, set, partition, file) };
      }),
    ),
  );
}

/** What Kafka reads from a segment. */
export function expectedLines({ set, partition, file }: Segment): ExpectedLine[] {
  const path = join(FIXTURES, 'expected', set, partition, `${file}.jsonl.gz`);
  return jsonLines(gunzipSync(readFileSync(path)).toString());
}

export function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}

/** Bytes as `expected/` has them: base64, or a hash of what is longer than 48 bytes. */
export function encoded(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  if (bytes.length <= 48) return Buffer.from(bytes).toString('base64');
  return `sha256:${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}:${bytes.length}`;
}

/** The file, or undefined when there is none. */
export function readIfThere(path: string): Buffer | undefined {
  return existsSync(path) ? readFileSync(path) : undefined;
}

/** Segments whose index entries depend on when the broker was restarted (see fixtures/README.md). */
export function livedThroughRestart({ partition, file }: Segment): boolean {
  return partition === '__cluster_metadata-0' || (partition === 'f-none-0' && file.startsWith('00000000000000039955'));
}

/** Things by a key of theirs, in order of first appearance (`Map.groupBy` needs Node 21). */
export function groupBy<T>(things: readonly T[], keyOf: (thing: T) => string): [string, T[]][] {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const group = groups.get(keyOf(thing));
    if (group === undefined) groups.set(keyOf(thing), [thing]);
    else group.push(thing);
  }
  return [...groups];
}
