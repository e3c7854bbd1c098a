/** A metadata log in memory, over several lives of whoever writes it. */
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { LogDirectory } from '../../src/log/log-directory.ts';
import { Log } from '../../src/log/log.ts';
import { TopicRecord } from '../../src/message/generated/metadata-topics.ts';
import { BatchSequence } from '../../src/metadata/batches.ts';
import { MetadataLog, SNAPSHOT_DEFAULTS, type SnapshotSettings } from '../../src/metadata/metadata-log.ts';
import { encodeRecord } from '../../src/metadata/record.ts';
import { replayMetadata, type ReplayedMetadata } from '../../src/metadata/replay.ts';

export const DIRECTORY = '/logs/__cluster_metadata-0';
export const REGISTRATION = {
  brokerId: 1,
  incarnationId: 'AUg7yDPQTEqNlMQNtASyWg',
  logDirs: ['N-n8Pc62RTeyzDX7h7d1tQ'],
};

export function topicId(number: number): string {
  const bytes = Buffer.alloc(16, 7);
  bytes.writeUInt32BE(number, 12);
  return bytes.toString('base64url');
}

export function topic(number: number): Uint8Array {
  return encodeRecord(TopicRecord, { name: `t${number}`, topicId: topicId(number) });
}

/** Files, a clock, and lives of a metadata log on them. */
export class Disk {
  readonly fs: MemoryFileSystem;
  readonly clock = new ManualClock(1_000_000);
  readonly engine = defaultEngine();

  constructor(fs: MemoryFileSystem = new MemoryFileSystem()) {
    this.fs = fs;
    this.fs.makeDirectory('/logs');
  }

  read(saysClean = true): ReplayedMetadata {
    return replayMetadata(this, DIRECTORY, saysClean);
  }

  /** Appends a batch as it is, as somebody else might. */
  async write(...values: readonly Uint8Array[]): Promise<void> {
    const log = await Log.open(DIRECTORY, { engine: this.engine, fs: this.fs, clock: this.clock });
    const sequence = new BatchSequence(this.engine, log.logEndOffset, 9, this.clock.now());
    sequence.records(values);
    await log.appendEncoded(sequence.bytes(), 'given', { leaderEpoch: 9 });
    await log.close();
  }

  /** @param readBefore - what reading it has given; it is read now unless that is given */
  async open(
    settings: Partial<SnapshotSettings> = {},
    readBefore?: ReplayedMetadata,
  ): Promise<{ log: MetadataLog; close: () => Promise<void> }> {
    const held = await LogDirectory.hold(this.engine, this.fs, '/logs');
    const log = await MetadataLog.open(held, DIRECTORY, {
      environment: this,
      owner: { clusterId: 'c', nodeId: 1 },
      settings: { ...SNAPSHOT_DEFAULTS, ...settings },
      replayed: this.fs.stat(DIRECTORY) === undefined ? undefined : (readBefore ?? this.read(held.wasMarked)),
    });
    const close = async (): Promise<void> => {
      await log.close();
      await held.release(true);
    };
    return { log, close };
  }
}
