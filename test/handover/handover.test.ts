/** What handing over writes, and what it leaves as it is. */
import { expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { adopt } from '../../src/handover/adopt.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import type { FeatureLevelRecord } from '../../src/message/generated/metadata-log.ts';
import type { PartitionRecord } from '../../src/message/generated/metadata-topics.ts';
import { METADATA_VERSION } from '../../src/metadata/features.ts';
import { RESOURCE_TYPES } from '../../src/metadata/image.ts';
import { configValue, featureValue, partitionValue } from '../../src/metadata/image-records.ts';
import { decodeRecord } from '../../src/metadata/record.ts';
import { RECORD_TYPES } from '../../src/metadata/record-types.ts';
import { printServerProperties } from '../../src/handover/server-properties.ts';
import { Store } from '../../src/index.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { adopting, closedStore, contents, handingOver, image, PATHS, restate } from './support.ts';

/** As with Kafka 3.3: partitions do not say where they lie. */
function downgrade(fs: MemoryFileSystem): void {
  const version = 7;
  restate(fs, (values) =>
    values.map((value) => {
      const { type, data } = decodeRecord(value);
      if (type === RECORD_TYPES.partition) {
        return partitionValue({ ...(data as PartitionRecord), directories: [] }, version);
      }
      const isVersion = type === RECORD_TYPES.featureLevel && (data as FeatureLevelRecord).name === METADATA_VERSION;
      return isVersion ? featureValue(METADATA_VERSION, version) : value;
    }),
  );
}

function propertiesIn(fs: MemoryFileSystem): Record<string, string> {
  const text = Buffer.from(fs.readSmall('/a/server.properties') ?? []).toString();
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

test('only the server.properties is new where the metadata log says all', async () => {
  const fs = await closedStore();
  const before = contents(fs);
  expect(await handingOver(fs)).toMatchObject({
    ...{ nodeId: 1, directories: PATHS, topics: 2, partitions: 5 },
    ...{ propertiesFile: '/a/server.properties', wasWritten: true },
  });
  expect(propertiesIn(fs)).toMatchObject({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': '1@localhost:9093',
    listeners: 'PLAINTEXT://localhost:9092,CONTROLLER://localhost:9093',
    'log.dirs': '/a,/b',
    'metadata.log.dir': '/a',
    // A store's topics that say nothing keep their records; a broker's would lose them after a week.
    'log.retention.ms': '-1',
    'log.retention.bytes': '-1',
  });
  const { '/a/server.properties': _, ...after } = contents(fs);
  expect(after).toEqual(before);
  // And again, as often as one likes.
  expect(await handingOver(fs)).toMatchObject({ wasWritten: false });
});

test('defaults of the store are named as a broker has them', async () => {
  const fs = await closedStore();
  await handingOver(fs, {
    defaults: { retentionMs: 5000, segmentMs: 7, compressionType: 'none', maxMessageBytes: 99 },
  });
  expect(propertiesIn(fs)).toMatchObject({
    'log.retention.ms': '5000',
    'log.roll.ms': '7',
    'compression.type': 'uncompressed',
    'message.max.bytes': '99',
  });
});

test('what Java would read as something else is escaped', () => {
  const text = printServerProperties({
    ...{
      nodeId: 1,
      logDirectories: ['C:\\dátum'],
      metadataDirectory: '/m',
      hasDynamicVoters: true,
      defaults: new Map(),
    },
    ...{ listener: { host: 'h', port: 1 }, controllerListener: { host: 'h', port: 2 } },
  });
  expect(text).toContain(String.raw`log.dirs=C:\\d\u00e1tum`);
  expect(text).toContain('controller.quorum.bootstrap.servers=h:2');
  expect(text).not.toContain('quorum.voters');
});

test('Kafka gives out producer ids above those that records have, and the mark of the clean stop is there again', async () => {
  const fs = await closedStore(async (store) => {
    for (const producerId of [0, 1234]) {
      const producer = { producerId, producerEpoch: 0, baseSequence: 0 };
      await store.partition('events', 2).append([{ value: 'v' }], { producer });
    }
  });
  const marks = PATHS.map((path) => Buffer.from(fs.readSmall(`${path}/.kafka_cleanshutdown`) ?? []).toString());
  expect(image(fs).kept.nextProducerId).toBe(0);
  expect(await handingOver(fs)).toMatchObject({ wasWritten: true });
  expect(image(fs).kept.nextProducerId).toBe(2000);
  expect(PATHS.map((path) => Buffer.from(fs.readSmall(`${path}/.kafka_cleanshutdown`) ?? []).toString())).toEqual(
    marks,
  );
  expect(marks[0]).toMatch(/"brokerEpoch":\d+\}$/);
  // What is known need not be said again.
  const before = contents(fs);
  await handingOver(fs);
  expect(contents(fs)).toEqual(before);
});

test("somebody's own server.properties stays, is told of, and keeps nothing of the rest from being done", async () => {
  const fs = await closedStore(async (store) => {
    const producer = { producerId: 1234, producerEpoch: 0, baseSequence: 0 };
    await store.partition('events', 2).append([{ value: 'v' }], { producer });
  });
  const own = Buffer.from('node.id=1\n');
  fs.replaceSmall('/a/server.properties', own);
  expect(await handingOver(fs)).toMatchObject({ wasWritten: false, differs: true });
  expect(Buffer.from(fs.readSmall('/a/server.properties') ?? [])).toEqual(own);
  expect(image(fs).kept.nextProducerId).toBe(2000);
  // Another file shows what would be written.
  const propertiesFile = '/a/other.properties';
  expect(await handingOver(fs, { propertiesFile })).toMatchObject({ wasWritten: true, differs: false });
  expect(await handingOver(fs, { propertiesFile })).toMatchObject({ wasWritten: false, differs: false });
});

test('it is told of what the metadata log says of brokers, which counts more than the file', async () => {
  const fs = await closedStore();
  expect(await handingOver(fs)).toMatchObject({ overridden: [] });
  restate(fs, (values) => [
    ...values,
    configValue(RESOURCE_TYPES.broker, '', 'log.retention.ms', '1000'),
    configValue(RESOURCE_TYPES.broker, '', 'log.retention.bytes', '77'),
    configValue(RESOURCE_TYPES.broker, '1', 'log.retention.bytes', '99'),
    configValue(RESOURCE_TYPES.broker, '', 'log.cleaner.threads', '2'),
    configValue(RESOURCE_TYPES.broker, '', 'log.roll.ms', '5000'),
  ]);
  expect(await handingOver(fs, { defaults: { segmentMs: 5000 } })).toMatchObject({
    overridden: [
      { name: 'log.retention.ms', value: '1000', written: '-1' },
      { name: 'log.retention.bytes', value: '99', written: '-1' },
    ],
  });
});

test('a partition whose log has a newer leader epoch than the metadata log, or which lies elsewhere, is written down', async () => {
  const fs = await closedStore();
  const root = fs.stat('/a/events-0') === undefined ? '/b' : '/a';
  const other = root === '/a' ? '/b' : '/a';
  fs.replaceSmall(`${root}/events-0/leader-epoch-checkpoint`, Buffer.from('0\n2\n0 0\n9 1\n'));
  fs.rename(`${root}/events-0`, `${other}/events-0`);
  const known = image(fs).topics.get('events')?.partitions.get(0);
  await handingOver(fs);
  const placed = image(fs).topics.get('events')?.partitions.get(0);
  expect(placed).toMatchObject({ leaderEpoch: 9, partitionEpoch: (known?.partitionEpoch ?? 0) + 1, replicas: [1] });
  expect(placed?.directories).not.toEqual(known?.directories);
});

test('a log directory that was given up while nothing was in it keeps nothing from a broker', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(0);
  await (await Store.open(['/a', '/b'], { fs, clock })).close();
  const store = await Store.open(['/a'], { fs, clock });
  await store.createTopic({ name: 'events', partitions: 2 });
  await store.close();
  expect(await handingOver(fs, { paths: ['/a'] })).toMatchObject({ directories: ['/a'], partitions: 2 });
  expect(await adopting(fs, ['/a'])).toMatchObject({ directories: ['/a'], partitions: 2 });
});

test('where the metadata log is too old to say where partitions lie, that is not written into it', async () => {
  const fs = await closedStore();
  const root = PATHS.find((path) => fs.stat(`${path}/events-0`) !== undefined) ?? '';
  downgrade(fs);
  fs.replaceSmall(`${root}/events-0/leader-epoch-checkpoint`, Buffer.from('0\n2\n0 0\n9 1\n'));
  expect(await handingOver(fs)).toMatchObject({ wasWritten: true });
  expect(image(fs).topics.get('events')?.partitions.get(0)).toMatchObject({ leaderEpoch: 9, directories: [] });
});

test('what was handed over and not taken is adopted again', async () => {
  const fs = await closedStore();
  await handingOver(fs);
  expect(await adopting(fs)).toMatchObject({ nodeId: 1, topics: 2, partitions: 5, troubled: [] });
  await using store = await Store.open(PATHS, { fs });
  expect(store.topics()).toEqual(['events', 'logs']);
  expect(store.partition('events', 0).logEndOffset).toBe(1);
});

test('an adoption that is stopped before the store is opened changes nothing', async () => {
  const fs = await closedStore();
  const before = contents(fs);
  const options = { engine: defaultEngine(), fs, clock: new ManualClock(0) };
  const stopped = new Error('stopped');
  await expect(adopt(PATHS, { ...options, signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped);
  expect(contents(fs)).toEqual(before);
  expect(await adopt(PATHS, { ...options, signal: new AbortController().signal })).toMatchObject({ topics: 2 });
});
