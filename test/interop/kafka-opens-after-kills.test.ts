/** `kill -9` while topics are made, altered, grown and deleted: when a store was opened and closed, Apache Kafka has the same topics. */
import { mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { handOver } from '../../src/handover/handover.ts';
import { Store } from '../../src/index.ts';
import { stopAtEach } from '../support/kill-at.ts';
import { scratch } from '../support/temp.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { freeEndpoints, KafkaNode } from './kafka-node.ts';

/** Every so many changes a broker is started: each takes seconds. */
const ASKED_EVERY = defaultEngine().name === 'native' ? 64 : 160;

const PROGRAM = `
  const { Store } = await import(library);
  const [directory, at] = process.argv.slice(2);
  const store = await Store.open([directory + '/a', directory + '/b'], { periodicCleaning: false });
  dieAt(Number(at));
  await store.createTopic({ name: 'made', partitions: 3, config: { retentionMs: 1000000000 } });
  await store.alterTopic('old', { set: { cleanupPolicy: ['compact'] }, reset: ['retentionMs'] });
  await store.createPartitions('old', 4);
  await store.deleteTopic('gone');
  await store.createTopic({ name: 'gone', partitions: 1 });
  await store.close();
`;

function directoriesIn(directory: string): string[] {
  return ['a', 'b'].map((name) => join(realpathSync(directory), name));
}

async function described(directory: string): Promise<unknown[]> {
  await using store = await Store.open(directoriesIn(directory), { periodicCleaning: false });
  return store.topics().map((name) => {
    const { topicId, configs, partitions } = store.describeTopic(name);
    return { name, id: topicId, configs, partitions: partitions.length };
  });
}

await withKafka(() => {
  const node = new KafkaNode();
  afterAll(() => node.close());

  test(
    'whatever a killed store has left of a change, a broker has the topics of the next store, and puts nothing aside',
    async () => {
      const model = scratch();
      for (const path of directoriesIn(model)) mkdirSync(path);
      const store = await Store.open(directoriesIn(model), { periodicCleaning: false });
      await store.createTopic({ name: 'old', partitions: 2, config: { retentionMs: 1_000_000 } });
      await store.createTopic({ name: 'gone', partitions: 2 });
      await store.partition('gone', 0).append({ value: 'a' });
      await store.close();
      const endpoints = await freeEndpoints();
      const changes = await stopAtEach({
        program: PROGRAM,
        model,
        every: ASKED_EVERY,
        async check(directory, at) {
          const topics = await described(directory);
          const outcome = await handOver(directoriesIn(directory), {
            ...{ engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock, ...endpoints },
            ...{ defaults: {}, propertiesFile: undefined },
          });
          expect(outcome, at).toMatchObject({ wasWritten: true });
          await node.ask({ op: 'start', properties: join(realpathSync(directory), 'a/server.properties') });
          const ofKafka = await node.topics();
          await node.ask({ op: 'stop' });
          expect(
            ofKafka.map(({ partitions, ...topic }) => ({ ...topic, partitions: partitions.length })),
            at,
          ).toEqual(topics);
          const names = directoriesIn(directory).flatMap((path) => readdirSync(path));
          expect(
            names.filter((name) => name.endsWith('-stray')),
            at,
          ).toEqual([]);
        },
      });
      expect(changes).toBeGreaterThan(ASKED_EVERY);
    },
    PATIENCE_MS,
  );
});
