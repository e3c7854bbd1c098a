/** Writing the metadata log: what is appended is there again, whenever its writer ends; and snapshots of it. */
import { describe, expect, test } from 'vitest';
import { BeginTransactionRecord } from '../../src/message/generated/metadata-log.ts';
import { TopicRecord } from '../../src/message/generated/metadata-topics.ts';
import { configValue, featureValue, imageRecords } from '../../src/metadata/image-records.ts';
import { encodeRecord } from '../../src/metadata/record.ts';
import type { ReplayedMetadata } from '../../src/metadata/replay.ts';
import { listSnapshots } from '../../src/metadata/snapshot.ts';
import { Disk, DIRECTORY, REGISTRATION, topic, topicId } from './disk.ts';

function hex({ image }: Pick<ReplayedMetadata, 'image'>): string[] {
  return [...imageRecords(image)].map((value) => Buffer.from(value).toString('hex')).sort();
}

describe('a new log', () => {
  test("begins with an epoch, the features of Kafka 4.3 and this node's broker, whose epoch is its record's offset", async () => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, [topic(1)]);
    await close();
    const read = disk.read();
    expect(Object.fromEntries(read.image.features)).toEqual({
      ...{ 'metadata.version': 30, 'eligible.leader.replicas.version': 1, 'group.version': 1 },
      ...{ 'share.version': 1, 'streams.version': 1, 'transaction.version': 2 },
    });
    expect([...read.image.brokers.values()]).toMatchObject([{ brokerId: 1, brokerEpoch: 9, fenced: true }]);
    expect([...read.image.topics.keys()]).toEqual(['t1']);
    expect(read).toMatchObject({ logEndOffset: 12, epoch: 1, isWithinTransaction: false });
    expect(Buffer.from(disk.fs.readSmall(`${DIRECTORY}/quorum-state`) ?? '').toString()).toBe(
      '{"clusterId":"","leaderId":1,"leaderEpoch":1,"votedId":-1,"appliedOffset":0,"currentVoters":[{"voterId":1}],"data_version":0}',
    );
    expect(Buffer.from(disk.fs.readSmall(`${DIRECTORY}/partition.metadata`) ?? '').toString()).toBe(
      'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ',
    );
  });

  test('begins another epoch with the first change of each process, and none without one', async () => {
    const disk = new Disk();
    for (const epoch of [1, 2, 3]) {
      const { log, close } = await disk.open();
      if (epoch === 1) await log.begin(REGISTRATION, []);
      await log.append([topic(epoch)], 'a topic');
      await close();
      const before = disk.read().logEndOffset;
      await (await disk.open()).close();
      expect(disk.read()).toMatchObject({ epoch, logEndOffset: before });
    }
    expect([...disk.read().image.topics.keys()]).toEqual(['t1', 't2', 't3']);
  });
});

test('a log that does not end where it was read to is not written to', async () => {
  const disk = new Disk();
  const { log, close } = await disk.open();
  await log.begin(REGISTRATION, []);
  await close();
  const before = disk.read();
  await disk.write(topic(1));
  await expect(disk.open({}, before)).rejects.toMatchObject({ code: 'LOG_CORRUPT', expected: 11, found: 12 });
});

describe('records that count together', () => {
  test('and are more than a batch takes are in a transaction', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, []);
    const values = Array.from({ length: 25_000 }, (_, number) => topic(number));
    await log.append(values, 'many');
    await close();
    expect(disk.read().image.topics.size).toBe(25_000);
  });

  test('do not when their writer died before their end: the next one says so, and goes on', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, []);
    await log.append([topic(1)], 'one');
    await log.append([encodeRecord(BeginTransactionRecord, { name: 'torn' }), topic(2)], 'torn').catch(() => undefined);
    await close();
    const torn = disk.read();
    expect([...torn.image.topics.keys()]).toEqual(['t1']);
    expect(torn.isWithinTransaction).toBe(true);
    const next = await disk.open();
    await next.log.append([topic(3)], 'three');
    await next.close();
    expect(disk.read()).toMatchObject({ isWithinTransaction: false });
    expect([...disk.read().image.topics.keys()]).toEqual(['t1', 't3']);
  });
});

describe('a snapshot', () => {
  test('waits for the end of a transaction whose writer died: Kafka refuses an abort without its beginning', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, [topic(1)]);
    await close();
    await disk.write(encodeRecord(BeginTransactionRecord, { name: 'torn' }), topic(2));
    const next = await disk.open();
    await next.log.snapshot();
    expect(listSnapshots(disk.fs, DIRECTORY)).toEqual([]);
    await next.log.append([topic(3)], 'three');
    await next.log.snapshot();
    const end = next.log.logEndOffset;
    await next.close();
    expect(listSnapshots(disk.fs, DIRECTORY)).toMatchObject([{ endOffset: end }]);
    expect([...disk.read().image.topics.keys()]).toEqual(['t1', 't3']);
  });

  test('has all that the log said, and is what the next opening reads first', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open({ maxBytesBetween: 4000 });
    await log.begin(REGISTRATION, []);
    let made = 0;
    for (let number = 0; number < 100; number++) {
      await log.append([topic(number), configValue(2, `t${number}`, 'retention.ms', 'TRUE')], 'a topic');
      if (log.isSnapshotDue) {
        await log.snapshot();
        made++;
      }
    }
    expect(made).toBeGreaterThan(1);
    const whole = hex(log);
    await close();
    const read = disk.read();
    expect(hex(read)).toEqual(whole);
    expect(read.snapshot?.endOffset).toBeGreaterThan(100);
    expect(read.image.topicConfig('t99')).toEqual(new Map([['retention.ms', 'TRUE']]));
    // Without them the log alone says the same.
    for (const { path } of listSnapshots(disk.fs, DIRECTORY)) disk.fs.remove(path);
    expect(hex(disk.read())).toEqual(whole);
  });

  test('is due after an hour with changes, and never without any', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, []);
    disk.clock.advance(60 * 60 * 1000 - 1);
    expect(log.isSnapshotDue).toBe(false);
    disk.clock.advance(1);
    expect(log.isSnapshotDue).toBe(true);
    await log.snapshot();
    disk.clock.advance(10 * 60 * 60 * 1000);
    expect(log.isSnapshotDue).toBe(false);
    await close();
    expect(listSnapshots(disk.fs, DIRECTORY)).toMatchObject([{ endOffset: 11, epoch: 1 }]);
  });

  test('that is old goes when there is a newer one, and the log begins at the oldest that stays', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open({ retentionBytes: 0 });
    await log.begin(REGISTRATION, []);
    for (let number = 0; number < 5; number++) {
      await log.append([topic(number)], 'a topic');
      await log.snapshot();
    }
    const whole = hex(log);
    await close();
    expect(listSnapshots(disk.fs, DIRECTORY)).toHaveLength(1);
    expect(hex(disk.read())).toEqual(whole);
    const next = await disk.open();
    await next.log.append([topic(9)], 'a topic');
    await next.close();
    expect(disk.read().image.topics.size).toBe(6);
  });

  test.each([
    ['cut', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 1)],
    ['without its footer', (bytes: Buffer): Buffer => bytes.subarray(0, bytes.length - 75)],
    ['empty', (): Buffer => Buffer.alloc(0)],
    ['of other bytes', (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte, at) => (at === 90 ? byte ^ 1 : byte)))],
  ])('that is %s is refused by its name', async (_what, damage) => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, [topic(1)]);
    await log.snapshot();
    await close();
    const path = listSnapshots(disk.fs, DIRECTORY)[0]?.path ?? '';
    disk.fs.replaceSmall(path, damage(Buffer.from(disk.fs.readSmall(path) ?? '')));
    expect(() => disk.read()).toThrow(expect.objectContaining({ code: 'CORRUPT_SNAPSHOT', file: path }) as Error);
  });

  test('behind which the log does not go on is refused', async () => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, [topic(1)]);
    await log.snapshot();
    await close();
    const path = listSnapshots(disk.fs, DIRECTORY)[0]?.path ?? '';
    disk.fs.rename(path, `${DIRECTORY}/00000000000000000099-0000000001.checkpoint`);
    expect(() => disk.read()).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }) as Error);
  });
});

describe('a record that is not known', () => {
  const value = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
  test.each([
    ['of a later frame', value(2, 2, 0), 'UNSUPPORTED_VERSION'],
    ['of another type', value(1, 99, 0), 'UNSUPPORTED_VERSION'],
    ['of a later version', value(1, 2, 1), 'UNSUPPORTED_VERSION'],
    ['that ends too early', value(1, 2, 0, 5), 'INVALID_RECORD'],
    ['with bytes behind its end', Buffer.concat([topic(5), value(0)]), 'INVALID_RECORD'],
    ['of a later metadata.version', featureValue('metadata.version', 31), 'UNSUPPORTED_VERSION'],
    ['of a feature that is not known', featureValue('new.version', 1), 'UNSUPPORTED_VERSION'],
    [
      'of a topic whose name leads elsewhere',
      encodeRecord(TopicRecord, { name: '../x', topicId: topicId(1) }),
      'INVALID_NAME',
    ],
    ['of a topic that there is', topic(1), 'INVALID_RECORD'],
  ] as const)('%s is refused with its offset and place, and nothing changes', async (_what, bytes, code) => {
    const disk = new Disk();
    const { log, close } = await disk.open();
    await log.begin(REGISTRATION, [topic(1)]);
    const offset = log.logEndOffset;
    // It keeps it from being written itself.
    await expect(log.append([bytes], 'strange')).rejects.toMatchObject({ code });
    expect(log.logEndOffset).toBe(offset);
    expect([...log.image.topics.keys()]).toEqual(['t1']);
    await close();
    await disk.write(bytes);
    const before = disk.fs.list(DIRECTORY);
    expect(() => disk.read()).toThrow(
      expect.objectContaining({
        ...{ code, file: `${DIRECTORY}/00000000000000000000.log`, baseOffset: offset },
        message: expect.stringContaining(`at offset ${offset}`) as string,
      }) as Error,
    );
    expect(disk.fs.list(DIRECTORY)).toEqual(before);
  });
});
