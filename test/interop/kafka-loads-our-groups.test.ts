/**
 * Kafka loads a partition of `__consumer_offsets` whole or not at all: a record that it does not expect where it stands takes all groups
 * of that partition with it. So whatever becomes of a group here, an innocent one beside it is there in Kafka, and can commit.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { ManualClock, systemClock } from '../../src/clock/clock.ts';
import { partitionForGroup } from '../../src/group/records/partition-for-group.ts';
import { Random } from '../support/random.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { KafkaNode } from './kafka-node.ts';
import { TakeOver } from './takeover.ts';

const HOUR_MS = 3_600_000;

await withKafka(() => {
  const root = mkdtempSync(join(tmpdir(), 'seglog-groups-'));
  const node = new KafkaNode();
  let takeOver: TakeOver;
  beforeEach(() => {
    takeOver = new TakeOver(root, new Random(1), { directories: 1 });
  });
  afterAll(async () => {
    await node.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** A group whose records lie in the same partition. */
  function besideOf(group: string): string {
    for (let i = 0; ; i++) if (partitionForGroup(`buddy${i}`, 50) === partitionForGroup(group, 50)) return `buddy${i}`;
  }

  async function expectAllThere(beside: string): Promise<void> {
    await takeOver.inKafka(node, async () => {
      expect(Object.keys(await node.groups())).toContain(beside);
      await takeOver.commitInKafka(node, beside, 't');
    });
    await takeOver.inStore(() => takeOver.compareWithStore());
  }

  describe("after a group of Kafka's newer protocol", () => {
    const beside = besideOf('kip');

    async function leftByKafka(): Promise<void> {
      await takeOver.inStore(async () => {
        await takeOver.create('t', 1);
        await takeOver.append('t', 0, 'none', 3);
        await takeOver.commitInStore(beside, 't');
      });
      await takeOver.inKafka(node, async () => {
        expect(await takeOver.joinInKafka(node, 'kip', 't', 3, 'consumer')).toBe(3);
      });
    }

    test(
      'was deleted',
      async () => {
        await leftByKafka();
        await takeOver.inStore(async () => {
          expect(await takeOver.store.groups()).toContainEqual(
            expect.objectContaining({ groupId: 'kip', kind: 'consumer' }),
          );
          await takeOver.store.group('kip').delete();
          takeOver.groups.delete('kip');
        });
        await expectAllThere(beside);
      },
      PATIENCE_MS,
    );

    test(
      'was joined',
      async () => {
        await leftByKafka();
        await takeOver.inStore(async () => {
          await takeOver.append('t', 0, 'none', 1);
          await using consumer = takeOver.store.consumer({ group: 'kip', topics: 't' });
          expect(await consumer.poll()).toHaveLength(1);
        });
        await expectAllThere(beside);
      },
      PATIENCE_MS,
    );

    test(
      'had its time',
      async () => {
        await leftByKafka();
        const clock = new ManualClock(systemClock.now() + HOUR_MS);
        const times = { periodicCleaning: true, offsetsRetentionMinutes: 30, offsetsRetentionCheckIntervalMs: 1000 };
        await takeOver.inStore(
          async () => {
            await takeOver.commitInStore(beside, 't');
            clock.advance(1000);
            await expect
              .poll(async () => (await takeOver.store.groups()).map(({ groupId }) => groupId))
              .toEqual([beside]);
            takeOver.groups.delete('kip');
          },
          { clock, ...times },
        );
        await expectAllThere(beside);
      },
      PATIENCE_MS,
    );
  });

  test(
    'after two consumers of one instance id',
    async () => {
      const beside = besideOf('static');
      await takeOver.inStore(async () => {
        await takeOver.create('t', 1);
        await takeOver.commitInStore(beside, 't');
        const options = { group: 'static', topics: 't', groupInstanceId: 'i1' };
        const [first, second] = [takeOver.store.consumer(options), takeOver.store.consumer(options)];
        const polls = [first.poll({ timeoutMs: 500 }), second.poll({ timeoutMs: 500 })];
        await Promise.allSettled(polls);
        expect((await takeOver.store.group('static').describe()).members).toHaveLength(1);
      });
      await expectAllThere(beside);
    },
    PATIENCE_MS,
  );
});
