/** A store and its metadata log: Kafka's own, and such as are none of its. */
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { Store } from '../../src/index.ts';
import { LogDirectory } from '../../src/log/log-directory.ts';
import { type PartitionRecord, RemoveTopicRecord, TopicRecord } from '../../src/message/generated/metadata-topics.ts';
import { configValue, partitionValue } from '../../src/metadata/image-records.ts';
import { MetadataLog, SNAPSHOT_DEFAULTS } from '../../src/metadata/metadata-log.ts';
import { encodeRecord } from '../../src/metadata/record.ts';
import { replayMetadata } from '../../src/metadata/replay.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { expectAgreement } from '../support/metadata-agrees.ts';
import { scratch } from '../support/temp.ts';
import { failing, fileNames, filled, smallText, valuesOf } from './support.ts';

const METADATA = '__cluster_metadata-0';
const MARK = '.kafka_cleanshutdown';

/** A log directory that Kafka shut down. */
function kafkas(): string {
  const directory = join(scratch(), 'logs');
  cpSync(join(FIXTURES, 'clean'), directory, { recursive: true });
  for (const name of ['.', ...readdirSync(directory, { recursive: true, encoding: 'utf8' })]) {
    chmodSync(join(directory, name), 0o755);
  }
  return directory;
}

/** Names and contents of all files, but for locks. */
function stateOf(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => !name.endsWith('lock'));
  const files = names.filter((name) => nodeFileSystem.stat(join(directory, name))?.isFile === true);
  return new Map(files.map((name) => [name, readFileSync(join(directory, name)).toString('latin1')]));
}

/** Appends records to the metadata log of a store that is closed, as Kafka might. */
async function appendRecords(fs: MemoryFileSystem, directory: string, values: readonly Uint8Array[]): Promise<void> {
  const environment = { engine: defaultEngine(), fs, clock: new ManualClock(5_000_000) };
  const held = await LogDirectory.hold(environment.engine, fs, directory);
  const path = join(directory, METADATA);
  const log = await MetadataLog.open(held, path, {
    ...{ environment, settings: SNAPSHOT_DEFAULTS, owner: { clusterId: 'c', nodeId: 1 } },
    replayed: replayMetadata(environment, path, true),
  });
  await log.append(values, 'of somebody else');
  await log.close();
  await held.giveUp();
}

describe("Kafka's own log directory", () => {
  test('has its topics with their ids and configurations, and takes changes; its broker stays the one that it was', async () => {
    const directory = kafkas();
    const store = await Store.open(directory);
    expect(store.topics({ internal: true })).toHaveLength(13);
    expect(store.status()).toMatchObject({ problems: [], troubled: [], stray: [] });
    expect(store.describeTopic('f-gzip')).toMatchObject({
      ...{ topicId: 'LmumiyKjTPaTi6K5AcA1lg', config: { retentionMs: -1, segmentBytes: 120_000 } },
      configs: { 'retention.ms': '-1', 'internal.segment.bytes': '120000' },
    });
    await store.createTopic({ name: 'ours', partitions: 2 });
    await store.alterTopic('f-gzip', { set: { retentionMs: 5_000_000 } });
    await store.deleteTopic('f-lz4');
    await store.close();
    expect(readFileSync(join(directory, MARK), 'utf8')).toBe('{"version":0,"brokerEpoch":197}');
    expectAgreement(nodeFileSystem, [directory], '');
    await using again = await Store.open(directory);
    expect(again.topics({ internal: true })).toEqual(expect.arrayContaining(['ours', 'f-gzip', '__consumer_offsets']));
    expect(again.describeTopic('f-gzip').configs).toMatchObject({
      ...{
        'retention.ms': '5000000',
        'internal.segment.bytes': '120000',
        'message.timestamp.before.max.ms': '9223372036854775807',
      },
    });
  });

  test('of another node is refused, and nothing is changed', async () => {
    const directory = kafkas();
    const path = join(directory, 'meta.properties');
    writeFileSync(path, readFileSync(path, 'utf8').replace('node.id=1', 'node.id=2'));
    const before = stateOf(directory);
    await expect(Store.open(directory)).rejects.toMatchObject({
      ...{ code: 'DIRECTORY_MISMATCH', file: join(directory, METADATA, 'quorum-state'), expected: 2, found: 1 },
    });
    rmSync(join(directory, METADATA, 'quorum-state'));
    await expect(Store.open(directory)).rejects.toMatchObject({ code: 'DIRECTORY_MISMATCH', expected: 2, found: 1 });
    before.delete(join(METADATA, 'quorum-state'));
    expect(stateOf(directory)).toEqual(before);
  });

  test('with a damaged record is refused with its offset, and nothing is changed', async () => {
    const directory = kafkas();
    const path = join(directory, METADATA, '00000000000000000000.log');
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(9000) ^ 1, 9000);
    writeFileSync(path, bytes);
    const before = stateOf(directory);
    await expect(Store.open(directory)).rejects.toMatchObject({ file: path, position: expect.any(Number) as number });
    expect(stateOf(directory)).toEqual(before);
  });
});

test('a metadata log that was copied from other log directories puts nothing aside: it is refused', async () => {
  const [directory, other] = [scratch(), scratch()];
  await filled([directory], { t: ['a'], u: ['b'] });
  await filled([other], { t: ['c'], u: ['d'] });
  rmSync(join(directory, METADATA), { recursive: true });
  cpSync(join(other, METADATA), join(directory, METADATA), { recursive: true });
  await expect(Store.open(directory)).rejects.toMatchObject({ code: 'DIRECTORY_MISMATCH' });
  expect(fileNames(directory)).toEqual(expect.arrayContaining(['t-0', 'u-0', MARK]));
  rmSync(join(directory, METADATA), { recursive: true });
  await using store = await Store.open(directory);
  expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
});

test.each([
  ['no bytes', (fs: MemoryFileSystem, log: string) => fs.replaceSmall(log, new Uint8Array(0))],
  ['no segment', (fs: MemoryFileSystem, log: string) => fs.remove(log)],
])(
  'a metadata log of %s in a directory that was closed clean has lost what it said: it is refused',
  async (_what, lose) => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    lose(fs, `/one/${METADATA}/00000000000000000000.log`);
    const before = [...fs.list('/one'), ...fs.list(`/one/${METADATA}`)];
    await expect(Store.open('/one', { fs })).rejects.toMatchObject({
      ...{ code: 'LOG_CORRUPT', file: `/one/${METADATA}`, found: 0, expected: 'an end behind offset 9' },
    });
    expect([...fs.list('/one'), ...fs.list(`/one/${METADATA}`)]).toEqual(before);
  },
);

test('a metadata log made anew, of which an opening that failed had written nothing, is no lost one', async () => {
  const fs = new MemoryFileSystem();
  await filled(['/one'], { t: ['a'] }, { fs });
  fs.removeTree(`/one/${METADATA}`);
  const heal = failing(fs, 'replaceSmall', 'EIO', (path) => path.endsWith('quorum-state'));
  await expect(Store.open('/one', { fs })).rejects.toMatchObject({ code: 'IO' });
  heal();
  expect(fs.list(`/one/${METADATA}`)).toContain('00000000000000000000.log');
  await using store = await Store.open('/one', { fs });
  expect(await valuesOf(store.partition('t', 0))).toEqual(['a']);
});

describe('a topic', () => {
  test("with Kafka's keys and spellings is opened, and keeps them as they are", async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    const configs = {
      ...{ preallocate: 'TRUE', 'min.cleanable.dirty.ratio': '1e-7', 'cleanup.policy': 'compact, delete' },
      ...{ 'remote.storage.enable': 'false', 'min.insync.replicas': '2', 'segment.ms': ' 5000 ' },
    };
    await appendRecords(
      fs,
      '/one',
      Object.entries(configs).map(([name, value]) => configValue(2, 't', name, value)),
    );
    const store = await Store.open('/one', { fs });
    expect(store.status().problems).toEqual([]);
    expect(store.describeTopic('t')).toMatchObject({
      configs,
      config: { preallocate: true, cleanupPolicy: ['compact', 'delete'], segmentMs: 5000 },
    });
    await store.alterTopic('t', { set: { segmentMs: 7000 } });
    await store.close();
    await using again = await Store.open('/one', { fs });
    expect(again.describeTopic('t').configs).toEqual({ ...configs, 'segment.ms': '7000' });
  });

  test('with a value that nobody understands is opened, told of, and has nothing deleted', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'] }, { fs });
    await appendRecords(fs, '/one', [configValue(2, 't', 'retention.ms', 'a week')]);
    await using store = await Store.open('/one', { fs, retentionMs: 1 });
    expect(store.status().problems).toMatchObject([
      { code: 'INVALID_CONFIG', message: expect.stringContaining('topic t') as string },
    ]);
    expect(store.describeTopic('t')).toMatchObject({
      ...{ configs: { 'retention.ms': 'a week' }, config: { retentionMs: Infinity, retentionBytes: Infinity } },
    });
  });

  test('that somebody else removed has its directory put aside, and not deleted', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { t: ['a'], u: ['b'] }, { fs });
    const topicId = /topic_id: (.*)/.exec(smallText(fs, '/one/t-0/partition.metadata') ?? '')?.[1] ?? '';
    await appendRecords(fs, '/one', [encodeRecord(RemoveTopicRecord, { topicId })]);
    const store = await Store.open('/one', { fs });
    expect(store.topics()).toEqual(['u']);
    expect(store.status().problems).toMatchObject([{ code: 'TOPIC_ID_MISMATCH' }]);
    await store.close();
    expect(fs.list('/one').filter((name) => name.startsWith('t-0'))).toEqual([expect.stringMatching(/-stray$/)]);
  });

  test('of which a partition was never placed is deleted wherever it was made, also when that is not done at once', async () => {
    const fs = new MemoryFileSystem();
    await filled(['/one'], { u: ['b'] }, { fs });
    const topicId = 'AUg7yDPQTEqNlMQNtASyWg';
    const partition: PartitionRecord = {
      ...{ partitionId: 0, topicId, replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [] },
      ...{
        leader: 1,
        leaderRecoveryState: 0,
        partitionEpoch: 0,
        leaderEpoch: 0,
        directories: ['AAAAAAAAAAAAAAAAAAAAAQ'],
      },
      ...{ eligibleLeaderReplicas: null, lastKnownElr: null },
    };
    await appendRecords(fs, '/one', [encodeRecord(TopicRecord, { name: 't', topicId }), partitionValue(partition, 30)]);
    const store = await Store.open('/one', { fs });
    await store.partition('t', 0).append({ value: 'a' });
    const heal = failing(fs, 'rename', 'EIO', (path) => path === '/one/t-0');
    await store.deleteTopic('t');
    heal();
    await store.close();
    const again = await Store.open('/one', { fs });
    await again.close();
    expect(fs.list('/one').filter((name) => name.startsWith('t-0'))).toEqual([expect.stringMatching(/-delete$/)]);
    expect(fs.list('/one')).not.toContain('.seglog_deletions');
  });

  test('that is compressed by "none" is written as a broker takes it', async () => {
    const fs = new MemoryFileSystem();
    const store = await Store.open('/one', { fs });
    await store.createTopic({ name: 't', config: { compressionType: 'none' } });
    expect(store.describeTopic('t').configs).toEqual({ 'compression.type': 'uncompressed' });
    await store.close();
  });
});

test('an hour with changes makes a snapshot, from which the store opens', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  const store = await Store.open('/one', { fs, clock });
  await store.createTopic({ name: 't', partitions: 3 });
  clock.advance(60 * 60 * 1000);
  await store.alterTopic('t', { set: { segmentMs: 77 } });
  await store.close();
  const snapshots = fs.list(`/one/${METADATA}`).filter((name) => name.endsWith('.checkpoint') && /^\d/.test(name));
  expect(snapshots).toHaveLength(1);
  expectAgreement(fs, ['/one'], '');
  await using again = await Store.open('/one', { fs, clock });
  expect(again.describeTopic('t')).toMatchObject({ partitionCount: 3, configs: { 'segment.ms': '77' } });
});

test('a bootstrap checkpoint says what a new log began with', async () => {
  const directory = scratch();
  await (await Store.open(directory)).close();
  expect(existsSync(join(directory, 'bootstrap.checkpoint'))).toBe(true);
});
