/**
 * How long reading a metadata log takes: `node bench/metadata/main.mjs [partitions] [rounds]` after a build, once per engine
 * (`SEGLOG_ENGINE`). The log is read from its records, and from a snapshot of them; the median of the rounds is printed.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { systemClock } from '../../dist/clock/clock.js';
import { defaultEngine } from '../../dist/engine/select.js';
import { nodeFileSystem } from '../../dist/fs/node-fs.js';
import { LogDirectory } from '../../dist/log/log-directory.js';
import { PartitionRecord, TopicRecord } from '../../dist/message/generated/metadata-topics.js';
import { MetadataLog, SNAPSHOT_DEFAULTS } from '../../dist/metadata/metadata-log.js';
import { encodeRecord } from '../../dist/metadata/record.js';
import { replayMetadata } from '../../dist/metadata/replay.js';

const PARTITIONS_A_TOPIC = 10;
const [partitions = 10_000, rounds = 7] = process.argv.slice(2).map(Number);
const environment = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
const uuid = (number) => {
  const bytes = Buffer.alloc(16, 1);
  bytes.writeUInt32BE(number, 0);
  return bytes.toString('base64url');
};

function* topics() {
  for (let topic = 0; topic < partitions / PARTITIONS_A_TOPIC; topic++) {
    const topicId = uuid(topic);
    const values = [encodeRecord(TopicRecord, { name: `topic-${topic}`, topicId })];
    for (let partitionId = 0; partitionId < PARTITIONS_A_TOPIC; partitionId++) {
      const replica = { replicas: [1], isr: [1], removingReplicas: [], addingReplicas: [], leader: 1 };
      const epochs = { leaderRecoveryState: 0, leaderEpoch: 0, partitionEpoch: 0 };
      const others = { directories: [uuid(1)], eligibleLeaderReplicas: null, lastKnownElr: null };
      values.push(encodeRecord(PartitionRecord, { partitionId, topicId, ...replica, ...epochs, ...others }));
    }
    yield values;
  }
}

function medianMs(work) {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    work();
    return performance.now() - start;
  }).sort((a, b) => a - b);
  return times[rounds >> 1].toFixed(1);
}

const directory = mkdtempSync(join(tmpdir(), 'seglog-metadata-'));
try {
  const held = await LogDirectory.hold(environment.engine, nodeFileSystem, directory);
  const path = join(directory, '__cluster_metadata-0');
  const owner = { clusterId: uuid(2), nodeId: 1 };
  const log = await MetadataLog.open(held, path, {
    environment,
    owner,
    settings: SNAPSHOT_DEFAULTS,
    replayed: undefined,
  });
  await log.begin({ brokerId: 1, incarnationId: uuid(3), logDirs: [uuid(1)] }, []);
  for (const values of topics()) await log.append(values, 'a topic');
  const read = () => replayMetadata(environment, path, false);
  const fromRecords = medianMs(read);
  await log.snapshot();
  const fromSnapshot = medianMs(read);
  const count = [...read().image.topics.values()].reduce((sum, topic) => sum + topic.partitions.size, 0);
  console.log(
    `${environment.engine.name}: ${count} partitions, from records ${fromRecords} ms, from a snapshot ${fromSnapshot} ms`,
  );
  await log.close();
  await held.release(true);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
