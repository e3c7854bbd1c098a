/**
 * A process of its own that commits and rebalances:
 *
 *   node groups-worker.mjs DIR commit ROUNDS       commits of one position each, of 100 groups at the same time
 *   node groups-worker.mjs DIR rebalance ROUNDS    100 consumers over 1,000 partitions: 99 wait for records, and one joins
 *
 * Each round prints a line: commits a second, or the milliseconds from the join until all 100 are in the new generation.
 */
import { rmSync } from 'node:fs';
import { Store } from '../../dist/index.js';

const GROUPS = 100;
const COMMITS = 200_000;
const CONSUMERS = 100;
const PARTITIONS = 1000;
const TOPIC = 'shared';

const turn = () =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

async function commits(store) {
  await store.createTopic({ name: TOPIC });
  const groups = Array.from({ length: GROUPS }, (_, i) => store.group(`group-${i}`));
  const commit = (group, offset) => group.commit([{ topic: TOPIC, partition: 0, offset }]);
  await Promise.all(groups.map((group) => commit(group, 0)));
  return async () => {
    const start = performance.now();
    const work = async (group) => {
      for (let i = 0; i < COMMITS / GROUPS; i++) await commit(group, i);
    };
    await Promise.all(groups.map(work));
    return { perSecond: COMMITS / ((performance.now() - start) / 1000) };
  };
}

async function rebalances(store) {
  await store.createTopic({ name: TOPIC, partitions: PARTITIONS });
  const options = { group: 'group', topics: TOPIC, assignor: 'sticky' };
  const poll = (consumer) => consumer.poll().catch(() => undefined);
  const consumers = Array.from({ length: CONSUMERS - 1 }, () => store.consumer(options));
  for (const consumer of consumers) void poll(consumer);
  const until = async (members, generation) => {
    while (members.some((one) => one.generation < generation)) await turn();
  };
  await until(consumers, 1);
  return async () => {
    const generation = consumers[0].generation + 1;
    const last = store.consumer(options);
    const start = performance.now();
    void poll(last);
    await until([...consumers, last], generation);
    const ms = performance.now() - start;
    const owned = [...consumers, last].reduce((sum, { assignment }) => sum + assignment.length, 0);
    if (owned !== PARTITIONS) throw new Error(`${owned} partitions are owned`);
    await last.close();
    await until(consumers, generation + 1);
    return { ms };
  };
}

const [directory, mode, rounds] = process.argv.slice(2);
rmSync(directory, { recursive: true, force: true });
const store = await Store.open(directory);
const run = await (mode === 'commit' ? commits : rebalances)(store);
for (let round = 0; round < Number(rounds); round++) {
  const { engine } = store.partition(TOPIC, 0).status();
  process.stdout.write(`${JSON.stringify({ engine, round, ...(await run()) })}\n`);
}
await store.close();
