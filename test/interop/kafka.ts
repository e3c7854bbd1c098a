/** Apache Kafka's own engine as oracle: bench/peer through scripts/peer.mjs, with types. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach } from 'vitest';
import { preparePeer, runPeer } from '../../scripts/peer.mjs';
import { type ExpectedBatch, type ExpectedRecord, jsonLines } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

/** How long the first fetch of Kafka's jars may take. */
export const FETCH_TIMEOUT_MS = 600_000;

/** Kafka's reading of one .log file. */
export interface ReadSegment {
  file: string;
  batches: (ExpectedBatch & { error?: string })[];
  records: ExpectedRecord[];
  /** Bytes from the start that are whole batches. */
  bytes: number;
}

/** What to ask of an opened partition: see OracleOpen.java. */
export interface OpenCase {
  dir: string;
  clean?: boolean;
  config?: Record<string, string>;
  timestamps?: number[];
  reads?: { from: number; maxBytes: number }[];
  append?: { compression: string; records: KafkaRecord[] };
}

/** A record for Kafka to append; bytes in base64. */
export interface KafkaRecord {
  timestamp: number;
  key: string | null;
  value: string | null;
  headers: [string, string | null][];
}

/** Kafka's answer. */
export interface OpenAnswer {
  dir: string;
  error?: string;
  logStartOffset: number;
  logEndOffset: number;
  segments: { baseOffset: number; size: number; offsetEntries: number; timeEntries: number; maxTimestamp: number }[];
  problems: string[];
  timestamps: { timestamp: number; offset: number; foundTimestamp: number }[];
  reads: { from: number; batchOffset: number; segment: number; position: number; size: number }[];
  append?: { firstOffset: number; lastOffset: number; logEndOffset: number };
}

interface Peer {
  ok: boolean;
  failed: boolean;
  reason: string;
}

let prepared: Promise<Peer> | undefined;

/** Whether Kafka is here; prepares it the first time. Where it must be (SEGLOG_REQUIRE_KAFKA=1) its absence is an error. */
export async function peer(): Promise<Peer> {
  prepared ??= preparePeer();
  const result = await prepared;
  if (!result.ok && (result.failed || process.env.SEGLOG_REQUIRE_KAFKA === '1')) throw new Error(result.reason);
  return result;
}

/** Every test of the file needs Kafka: says so and skips where there is none. */
export function skipWithoutKafka(): void {
  beforeEach(async ({ skip }) => {
    const { ok, reason } = await peer();
    if (ok) return;
    process.stderr.write(`skipped, Apache Kafka cannot be asked here: ${reason}\n`);
    skip(reason);
  }, FETCH_TIMEOUT_MS);
}

type ReadLine =
  | { type: 'segment'; file: string }
  | (ExpectedBatch & { error?: string })
  | ExpectedRecord
  | { type: 'end'; bytes: number };

/** Reads .log files, or all those of partition directories, with Kafka's FileRecords. */
export async function readBack(...paths: string[]): Promise<ReadSegment[]> {
  const segments: ReadSegment[] = [];
  for (const line of jsonLines<ReadLine>(await runPeer('ReadBack', paths))) {
    if (line.type === 'segment') segments.push({ file: line.file, batches: [], records: [], bytes: -1 });
    const segment = segments.at(-1);
    if (segment === undefined) throw new Error('a line before the first segment');
    if (line.type === 'batch') segment.batches.push(line);
    else if (line.type === 'record') segment.records.push(line);
    else if (line.type === 'end') segment.bytes = line.bytes;
  }
  return segments;
}

/** The same for many partitions in one JVM: their segments, by directory. */
export async function readBackPartitions(directories: readonly string[]): Promise<Map<string, ReadSegment[]>> {
  const segments = await readBack(...directories);
  return new Map(
    directories.map((directory) => [directory, segments.filter(({ file }) => dirname(file) === directory)]),
  );
}

/** Opens partition directories with Kafka's UnifiedLog, all in one JVM; the answers in the order of the cases. */
export async function openWithKafka(cases: OpenCase[]): Promise<OpenAnswer[]> {
  const file = join(scratch(), 'cases.jsonl');
  writeFileSync(file, cases.map((one) => `${JSON.stringify(one)}\n`).join(''));
  return jsonLines<OpenAnswer>(await runPeer('OracleOpen', [file]));
}
