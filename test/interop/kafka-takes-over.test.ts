/**
 * An Apache Kafka starts on the directories that a store wrote: it has the same topics, records and positions. What it writes in turn,
 * the store has when it adopts them again.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { defaultEngine } from '../../src/engine/select.ts';
import { adopt } from '../../src/handover/adopt.ts';
import { handOver } from '../../src/handover/handover.ts';
import { printServerProperties } from '../../src/handover/server-properties.ts';
import { Store } from '../../src/index.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { freeEndpoints, KafkaNode } from './kafka-node.ts';
import { CODECS, MACHINE, TakeOver } from './takeover.ts';
import { readCommitted } from './written.ts';

const MEGABYTE = 1024 * 1024;

await withKafka(() => {
  const root = mkdtempSync(join(tmpdir(), 'seglog-takeover-'));
  const node = new KafkaNode();
  afterAll(async () => {
    await node.close();
    rmSync(root, { recursive: true, force: true });
  });

  describe('with topics, codecs, transactions, configurations and positions of groups', () => {
    test(
      'Kafka has what the store had, the store what Kafka wrote, and Kafka all of it again',
      async () => {
        const takeOver = new TakeOver(root, new Random(1));
        await takeOver.inStore(async () => {
          for (const codec of CODECS) {
            await takeOver.create(`of.${codec}`, 2, codec === 'zstd' ? { compressionType: 'zstd' } : {});
            for (const partition of [0, 1, 0]) await takeOver.append(`of.${codec}`, partition, codec, 5);
          }
          await takeOver.create('configured', 3, {
            retentionMs: Infinity,
            segmentBytes: MEGABYTE,
            cleanupPolicy: ['compact', 'delete'],
          });
          await takeOver.alter('configured', {
            maxMessageBytes: 2 * MEGABYTE,
            minCleanableDirtyRatio: 0.25,
            preallocate: true,
          });
          await takeOver.create('transactions', 2);
          // Its producer has the first id: Kafka's first one must not be taken for it.
          await takeOver.appendNumbered('transactions', 1, 3);
          for (const result of ['commit', 'abort', 'commit'] as const)
            await takeOver.transaction('transactions', 0, result, 'lz4');
          await takeOver.create('deleted', 2);
          await takeOver.append('deleted', 0, 'none', 2);
          await takeOver.delete('deleted');
          await takeOver.create('grown', 1);
          await takeOver.grow('grown', 4);
          await takeOver.append('grown', 3, 'none', 1);
          await takeOver.commitInStore('of the store', 'transactions');
          await takeOver.consumeInStore('members', 'grown');
        });
        await takeOver.inKafka(node, async () => {
          // As many records as the store's first producer wrote there: with its id they would pass for these, sent again.
          await takeOver.produceInKafka(node, 'transactions', 1, { compression: 'none', count: 3 });
          await takeOver.produceInKafka(node, 'transactions', 0, { compression: 'none' });
          for (const codec of CODECS) await takeOver.produceInKafka(node, `of.${codec}`, 1, { compression: codec });
          await takeOver.produceInKafka(node, 'transactions', 1, { compression: 'zstd', transactionalId: 'a' });
          await takeOver.produceInKafka(node, 'transactions', 1, {
            compression: 'gzip',
            transactionalId: 'a',
            abort: true,
          });
          await takeOver.createInKafka(node, 'kafkas', 2, {
            preallocate: 'true',
            'min.insync.replicas': '1',
            'retention.ms': '1000000000',
          });
          await takeOver.produceInKafka(node, 'kafkas', 1, { compression: 'snappy' });
          await takeOver.deleteInKafka(node, 'of.none');
          await takeOver.growInKafka(node, 'grown', 5);
          // A member goes on where the store's had come to.
          await takeOver.produceInKafka(node, 'grown', 0, { compression: 'none' });
          const sent = takeOver.records('grown', 0).length;
          expect(await takeOver.joinInKafka(node, 'members', 'grown', sent)).toBe(sent);
          await takeOver.commitInKafka(node, 'group', 'transactions');
          await takeOver.commitInKafka(node, 'other group', 'grown');
        });
        await takeOver.inStore(async () => {
          await takeOver.compareWithStore();
          await takeOver.append('kafkas', 0, 'zstd', 3);
          await takeOver.transaction('kafkas', 1, 'commit', 'none');
          await takeOver.delete('of.gzip');
          await takeOver.create('of.none', 1);
          await takeOver.append('of.none', 0, 'none', 2);
          await takeOver.grow('kafkas', 3);
        });
        await takeOver.inKafka(node, async () => {
          await takeOver.produceInKafka(node, 'of.none', 0, { compression: 'none', transactionalId: 'a' });
        });
        await takeOver.inStore(() => takeOver.compareWithStore());
      },
      PATIENCE_MS,
    );

    test(
      'of a compacted topic Kafka has what the store has left',
      async () => {
        const takeOver = new TakeOver(root, new Random(2), { directories: 1, isKeyed: true });
        let left: unknown;
        await takeOver.inStore(async () => {
          await takeOver.create('compacted', 1, { cleanupPolicy: ['compact'], segmentBytes: MEGABYTE });
          for (let i = 0; i < 60; i++) await takeOver.append('compacted', 0, 'none', 200);
          const log = takeOver.store.partition('compacted', 0);
          expect(log.status().segments).toBeGreaterThan(1);
          const { bytesBefore, bytesAfter } = await log.compact();
          expect(bytesAfter).toBeLessThan(bytesBefore / 2);
          left = await readCommitted(log);
        });
        takeOver.topic('compacted').partitions[0] = left as never;
        await takeOver.inKafka(node, async () => undefined);
        await takeOver.inStore(() => takeOver.compareWithStore());
      },
      PATIENCE_MS,
    );
  });

  test(
    'a transaction that Kafka left open is given back to it, and ends there',
    async () => {
      const takeOver = new TakeOver(root, new Random(3));
      await takeOver.inStore(() => takeOver.create('events', 2));
      await takeOver.inKafka(node, async () => {
        await takeOver.produceInKafka(node, 'events', 0, { compression: 'none', transactionalId: 't' });
        await takeOver.produceInKafka(node, 'events', 1, {
          compression: 'none',
          transactionalId: 't',
          leaveOpen: true,
        });
      });
      await takeOver.inStore(async () => {
        const { lastStableOffset, logEndOffset } = takeOver.store.partition('events', 1);
        expect(lastStableOffset).toBeLessThan(logEndOffset);
        await takeOver.compareWithStore();
      });
      await takeOver.inKafka(node, async () => {
        // Whoever has the id next has the coordinator end what is open.
        await takeOver.produceInKafka(node, 'events', 1, { compression: 'none', transactionalId: 't' });
        await takeOver.compareWithKafka(node);
      });
      await takeOver.inStore(() => takeOver.compareWithStore());
    },
    PATIENCE_MS,
  );

  test(
    'a log directory that was given up while nothing was in it Kafka does not miss',
    async () => {
      const takeOver = new TakeOver(root, new Random(4), { directories: 1 });
      const givenUp = mkdtempSync(join(root, 'given-up-'));
      await takeOver.inStore(() => takeOver.create('events', 2));
      const store = await Store.open([...takeOver.directories, givenUp]);
      await store.createTopic({ name: 'passing' });
      await store.deleteTopic('passing');
      await store.close();
      await takeOver.inStore(() => takeOver.append('events', 1, 'none', 3));
      // No topic has changed since.
      expect(takeOver.registeredDirectories()).toHaveLength(2);
      await takeOver.inKafka(node, () => takeOver.produceInKafka(node, 'events', 0, { compression: 'none' }));
      // It registers those that it started with.
      expect(takeOver.registeredDirectories()).toHaveLength(1);
      await takeOver.inStore(() => takeOver.compareWithStore());
    },
    PATIENCE_MS,
  );

  test(
    'a metadata log of dynamic voters in a directory of its own is adopted with it, and given back',
    async () => {
      const parent = mkdtempSync(join(root, 'dynamic-'));
      const [logs, metadata] = [join(parent, 'logs'), join(parent, 'metadata')];
      const properties = join(parent, 'kafka.properties');
      const endpoints = await freeEndpoints();
      const write = (logDirectories: readonly string[]): void =>
        writeFileSync(
          properties,
          printServerProperties({
            ...{ nodeId: 1, logDirectories, metadataDirectory: metadata, hasDynamicVoters: true, ...endpoints },
            defaults: new Map(),
          }),
        );
      const runInKafka = async (file: string, work: () => Promise<unknown>): Promise<void> => {
        await node.ask({ op: 'start', properties: file });
        await work();
        await node.ask({ op: 'stop' });
      };
      write([logs]);
      await node.ask({ op: 'format', properties, clusterId: 'MkU3OEVBNTcwNTJENDM2Qk', arguments: ['--standalone'] });
      await runInKafka(properties, () => node.ask({ op: 'create', topic: 'events', partitions: 2, configs: {} }));
      // It has no mark of a clean stop where it is no log directory.
      expect(await adopt([logs, metadata], MACHINE)).toMatchObject({ problems: [{ code: 'RECOVERY_REFUSED' }] });
      write([logs, metadata]);
      await runInKafka(properties, () => Promise.resolve());
      expect(await adopt([logs, metadata], MACHINE)).toMatchObject({ partitions: 2, troubled: [] });
      const given = { ...MACHINE, ...endpoints, defaults: {}, propertiesFile: undefined };
      const handed = await handOver([logs, metadata], given);
      expect(handed).toMatchObject({ partitions: 2, wasWritten: true });
      await runInKafka(join(logs, 'server.properties'), async () => {
        expect((await node.topics()).map(({ name }) => name)).toEqual(['events']);
      });
    },
    PATIENCE_MS,
  );

  // The TypeScript engine writes the same bytes: what differs between them is tested elsewhere.
  const { seed, cases } = fuzzPlan(defaultEngine().name === 'native' ? 3 : 1);
  test.each(Array.from({ length: cases }, (_, i) => seed + i))(
    'through the random history %i nothing is lost',
    async (one) => {
      const random = new Random(one);
      const takeOver = new TakeOver(root, random, { directories: random.between(1, 3) });
      for (let round = 0; round < 2; round++) {
        await takeOver.inStore(async () => {
          await takeOver.compareWithStore();
          for (let i = random.between(5, 15); i > 0; i--) await changeInStore(takeOver, random);
        });
        await takeOver.inKafka(node, async () => {
          for (let i = random.between(3, 8); i > 0; i--) await changeInKafka(takeOver, node, random);
          await takeOver.compareWithKafka(node);
        });
      }
      await takeOver.inStore(() => takeOver.compareWithStore());
    },
    PATIENCE_MS,
  );
});

function pickPartition(takeOver: TakeOver, random: Random): readonly [topic: string, partition: number] {
  const name = random.pick([...takeOver.topics.keys()]);
  return [name, random.between(0, takeOver.topic(name).partitions.length - 1)];
}

async function changeInStore(takeOver: TakeOver, random: Random): Promise<void> {
  if (takeOver.topics.size < 2 || random.chance(0.1)) return takeOver.create(takeOver.newName(), random.between(1, 3));
  const [name, partition] = pickPartition(takeOver, random);
  const codec = random.pick(CODECS);
  const ways: readonly (() => Promise<void>)[] = [
    () => takeOver.append(name, partition, codec, random.between(1, 20)),
    () => takeOver.append(name, partition, codec, random.between(1, 20)),
    () => takeOver.appendNumbered(name, partition, 3),
    () => takeOver.transaction(name, partition, random.pick(['commit', 'abort']), codec),
    () => takeOver.alter(name, { retentionMs: random.between(1_000_000_000, 2_000_000_000) }),
    () => takeOver.grow(name, takeOver.topic(name).partitions.length + 1),
    () => takeOver.commitInStore(random.pick(['a', 'b']), name),
    () => (random.chance(0.5) ? takeOver.delete(name) : Promise.resolve()),
  ];
  return random.pick(ways)();
}

async function changeInKafka(takeOver: TakeOver, node: KafkaNode, random: Random): Promise<void> {
  const compression = random.pick(CODECS);
  if (takeOver.topics.size === 0) return takeOver.createInKafka(node, takeOver.newName(), 2, {});
  const [name, partition] = pickPartition(takeOver, random);
  const ways: readonly (() => Promise<void>)[] = [
    () => takeOver.produceInKafka(node, name, partition, { compression }),
    () =>
      takeOver.produceInKafka(node, name, partition, { compression, transactionalId: 'x', abort: random.chance(0.5) }),
    () => takeOver.createInKafka(node, takeOver.newName(), 2, { 'max.message.bytes': '1000000' }),
    () => takeOver.growInKafka(node, name, takeOver.topic(name).partitions.length + 1),
    () => takeOver.commitInKafka(node, random.pick(['a', 'b']), name),
  ];
  return random.pick(ways)();
}
