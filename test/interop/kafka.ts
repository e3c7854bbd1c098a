/** Apache Kafka's own engine as oracle: bench/peer through scripts/peer.mjs, with types. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'vitest';
import { preparePeer, runPeer } from '../../scripts/peer.mjs';
import { type ExpectedBatch, type ExpectedRecord, jsonLines } from '../support/fixtures.ts';

/** For one Java machine that answers for all tests of a file. */
export const PATIENCE_MS = 600_000;

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
  append?: { compression: string; records: readonly KafkaRecord[] };
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
  timestamps?: { timestamp: number; offset: number; foundTimestamp: number }[];
  reads?: { from: number; batchOffset: number; segment: number; position: number; size: number }[];
  append?: { firstOffset: number; lastOffset: number; logEndOffset: number };
}

interface Peer {
  ok: boolean;
  failed: boolean;
  reason: string;
}

/**
 * Defines tests that ask Kafka. Where there is none, one test says aloud why it is skipped; where there must be
 * (SEGLOG_REQUIRE_KAFKA=1), or bench/peer itself is at fault, the file fails.
 */
export async function withKafka(define: () => void): Promise<void> {
  const { ok, failed, reason }: Peer = await preparePeer();
  if (ok) return define();
  if (failed || process.env.SEGLOG_REQUIRE_KAFKA === '1') throw new Error(reason);
  process.stderr.write(`skipped, Apache Kafka cannot be asked here: ${reason}\n`);
  test('asks Apache Kafka', ({ skip }) => skip(reason));
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

/** What one of the programs of bench/peer answers to cases, all in one JVM; the answers in the order of the cases. */
export async function askKafka<Answer>(
  program:
    | 'OracleOpen'
    | 'OracleRecover'
    | 'OracleRead'
    | 'OracleAppend'
    | 'OracleMessages'
    | 'OraclePolicy'
    | 'OracleClean',
  cases: readonly object[],
): Promise<Answer[]> {
  const scratch = mkdtempSync(join(tmpdir(), 'seglog-cases-'));
  try {
    const file = join(scratch, 'cases.jsonl');
    writeFileSync(file, cases.map((one) => `${JSON.stringify(one)}\n`).join(''));
    return jsonLines<Answer>(await runPeer(program, [file]));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Opens partition directories with Kafka's UnifiedLog. */
export function openWithKafka(cases: readonly OpenCase[]): Promise<OpenAnswer[]> {
  return askKafka('OracleOpen', cases);
}
