/** Reading the metadata log: Kafka's own, and damaged ones. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { imageRecords } from '../../src/metadata/image-records.ts';
import { decodeRecord } from '../../src/metadata/record.ts';
import { MetadataImage } from '../../src/metadata/image.ts';
import { replayMetadata, type ReplayedMetadata } from '../../src/metadata/replay.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { DIRECTORY, Disk, REGISTRATION, topic } from './disk.ts';

const environment = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
const KAFKAS = join(FIXTURES, 'clean', '__cluster_metadata-0');
const LOG = '00000000000000000000.log';

function replayed(directory: string, saysClean = true): ReplayedMetadata {
  return replayMetadata(environment, directory, saysClean);
}

function copied(): string {
  const directory = join(scratch(), '__cluster_metadata-0');
  cpSync(KAFKAS, directory, { recursive: true });
  return directory;
}

/** Alters bytes of a copy of Kafka's log. */
function damaged(alter: (bytes: Buffer) => Buffer): string {
  const directory = copied();
  const path = join(directory, LOG);
  writeFileSync(path, alter(readFileSync(path)), { mode: 0o644, flag: 'w' });
  return directory;
}

describe("Kafka's own metadata log", () => {
  test('tells topics with their ids, partitions, configurations, features and brokers', () => {
    const { image, logEndOffset, epoch, voterIds, isWithinTransaction } = replayed(KAFKAS);
    expect({ logEndOffset, epoch, isWithinTransaction }).toEqual({
      logEndOffset: 282,
      epoch: 2,
      isWithinTransaction: false,
    });
    expect(voterIds).toEqual(new Set([1]));
    expect([...image.topics.keys()].sort()).toEqual([
      ...['__consumer_offsets', '__transaction_state', 'f-compacted', 'f-deleted', 'f-gzip', 'f-idem', 'f-logappend'],
      ...['f-lz4', 'f-none', 'f-size-retained', 'f-snappy', 'f-txn', 'f-zstd'],
    ]);
    expect(image.topics.get('f-none')?.topicId).toBe('lrdY5Q9HSUywYehwd9VHMQ');
    expect(image.topics.get('f-txn')?.partitions.get(1)).toMatchObject({
      ...{ replicas: [1], isr: [], leader: -1, eligibleLeaderReplicas: [1], directories: ['N-n8Pc62RTeyzDX7h7d1tQ'] },
    });
    expect(Object.fromEntries(image.topicConfig('f-gzip'))).toMatchObject({
      ...{ 'retention.ms': '-1', 'internal.segment.bytes': '120000' },
    });
    expect(Object.fromEntries(image.features)).toMatchObject({ 'metadata.version': 30, 'transaction.version': 2 });
    expect([...image.brokers.values()]).toMatchObject([{ brokerId: 1, brokerEpoch: 197, fenced: true }]);
    expect(image.kept.nextProducerId).toBeGreaterThan(0);
  });

  test('is the same image again when its records are read back', () => {
    const { image } = replayed(KAFKAS);
    const again = new MetadataImage();
    for (const value of imageRecords(image)) again.apply(decodeRecord(value));
    const all = (one: MetadataImage): string[] =>
      [...imageRecords(one)].map((value) => Buffer.from(value).toString('hex')).sort();
    expect(all(again)).toEqual(all(image));
    expect(all(again).length).toBeGreaterThan(60);
  });
});

describe('a metadata log that is damaged', () => {
  test('within is refused at the batch, with the offset: what follows is not given up', () => {
    const directory = damaged((bytes) => {
      bytes.writeUInt8(bytes.readUInt8(2000) ^ 1, 2000);
      return bytes;
    });
    for (const saysClean of [true, false]) {
      expect(() => replayed(directory, saysClean)).toThrow(
        expect.objectContaining({ file: join(directory, LOG), position: expect.any(Number) as number }) as Error,
      );
    }
  });

  test('F9: by the loss of a segment in the middle is refused where it is missing: what it had removed would be back', async () => {
    const disk = new Disk();
    for (const number of [1, 2, 3]) {
      const { log, close } = await disk.open();
      if (number === 1) await log.begin(REGISTRATION, []);
      await log.append([topic(number)], 'one');
      await close();
      disk.clock.advance(8 * 24 * 60 * 60 * 1000);
    }
    const segments = disk.fs.list(DIRECTORY).filter((name) => name.endsWith('.log'));
    expect(segments).toHaveLength(3);
    const [, missing = '', behind = ''] = segments;
    for (const name of disk.fs.list(DIRECTORY)) {
      if (name.startsWith(missing.replace('.log', ''))) disk.fs.remove(join(DIRECTORY, name));
    }
    expect(() => disk.read(false)).toThrow(
      expect.objectContaining({
        ...{ code: 'LOG_CORRUPT', file: join(DIRECTORY, behind), position: 0 },
        ...{ expected: Number.parseInt(missing, 10), found: Number.parseInt(behind, 10) },
      }) as Error,
    );
  });

  test('at its end is a torn append after a crash, and damage after a clean stop', () => {
    const directory = damaged((bytes) => bytes.subarray(0, bytes.length - 5));
    expect(replayed(directory, false).logEndOffset).toBe(281);
    expect(() => replayed(directory, true)).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }) as Error);
  });
});
