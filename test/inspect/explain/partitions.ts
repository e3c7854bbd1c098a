/** Partition directories made for the occasion, batch by batch, and explanations of them. */
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ManualClock } from '../../../src/clock/clock.ts';
import { type LogConfig, logConfig } from '../../../src/config/log-config.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { nodeFileSystem } from '../../../src/fs/node-fs.ts';
import type { ExplainedPartition, ExplainKind } from '../../../src/inspect/explain/contract.ts';
import { explainPartition } from '../../../src/inspect/explain/explain.ts';
import { batch, type BatchParts } from '../make-batch.ts';

/** A segment to make. */
export interface MadeSegment {
  readonly baseOffset: number;
  /** One record each: its timestamp, and what else the batch is. */
  readonly batches: readonly (BatchParts & { readonly timestamp: bigint })[];
  /** When its file was written, in milliseconds; whole seconds. */
  readonly modifiedMs?: number;
  /** The entries of its time index. Default: the truth, one entry. */
  readonly timeIndex?: readonly (readonly [timestamp: bigint, relativeOffset: number])[];
  /** Bytes behind the last batch. */
  readonly tail?: Buffer;
}

function timeIndexBytes(entries: readonly (readonly [bigint, number])[]): Buffer {
  const bytes = Buffer.alloc(entries.length * 12);
  for (const [at, [timestamp, offset]] of entries.entries()) {
    bytes.writeBigInt64BE(timestamp, at * 12);
    bytes.writeInt32BE(offset, at * 12 + 8);
  }
  return bytes;
}

function trueEntry(batches: MadeSegment['batches']): [bigint, number][] {
  const largest = batches.reduce((most, { timestamp }) => (timestamp > most ? timestamp : most), -1n);
  return largest < 0n ? [] : [[largest, batches.findIndex(({ timestamp }) => timestamp === largest)]];
}

/** Makes the files of segments; batch `i` of a segment is offset base + i. */
export function makePartition(directory: string, segments: readonly MadeSegment[]): string {
  mkdirSync(directory, { recursive: true });
  for (const { baseOffset, batches, modifiedMs = 1_700_000_000_000, timeIndex, tail = Buffer.alloc(0) } of segments) {
    const path = join(directory, String(baseOffset).padStart(20, '0'));
    const bytes = batches.map(({ timestamp, ...parts }, i) =>
      batch({ baseOffset: BigInt(baseOffset + i), baseTimestamp: timestamp, ...parts }),
    );
    writeFileSync(`${path}.log`, Buffer.concat([...bytes, tail]));
    writeFileSync(`${path}.index`, '');
    writeFileSync(`${path}.timeindex`, timeIndexBytes(timeIndex ?? trueEntry(batches)));
    utimesSync(`${path}.log`, modifiedMs / 1000, modifiedMs / 1000);
  }
  return directory;
}

/** Writes a checkpoint beside partition directories. */
export function writeCheckpoint(partition: string, name: string, lines: readonly string[]): void {
  writeFileSync(join(dirname(partition), name), ['0', String(lines.length), ...lines, ''].join('\n'));
}

/** An explanation, with the notes that came with it. */
export function explainMade(
  kind: ExplainKind,
  directory: string,
  now: number,
  config: Partial<LogConfig> = {},
): ExplainedPartition & { readonly notes: readonly string[] } {
  const notes: string[] = [];
  const context = {
    engine: defaultEngine(),
    fs: nodeFileSystem,
    clock: new ManualClock(now),
    note: (text: string): void => void notes.push(text),
  };
  return { ...explainPartition(context, directory, { kind, now, config: logConfig(config) }), notes };
}
