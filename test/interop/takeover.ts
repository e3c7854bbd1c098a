/**
 * Log directories that change hands between a store and an Apache Kafka, and a model of what must be in them: topics with their ids
 * and configurations, records that count, positions of groups. Either side changes them, and is asked for all of it.
 */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { type LogConfig, printLogConfig } from '../../src/config/log-config.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { METADATA_DIRECTORY } from '../../src/format/names.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { type AdoptOptions, adopt } from '../../src/handover/adopt.ts';
import { type Handover, handOver, type HandoverOptions, type Refusal } from '../../src/handover/handover.ts';
import { type Codec, type Log, type RecordInput, Store, type StoreOptions } from '../../src/index.ts';
import type { MetadataImage } from '../../src/metadata/image.ts';
import { replayMetadata } from '../../src/metadata/replay.ts';
import { encoded } from '../support/fixtures.ts';
import type { Random } from '../support/random.ts';
import { type ConsumedByKafka, freeEndpoints, type KafkaNode, type SentRecord } from './kafka-node.ts';
import { expectedRecord, readCommitted } from './written.ts';

export const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const INTERNAL = /^__/;

interface ModelTopic {
  id: string;
  readonly configs: Map<string, string>;
  /** By partition: the records that count. */
  readonly partitions: ConsumedByKafka[][];
}

/** How Kafka's producer writes. */
interface KafkaProduce {
  readonly compression: Codec;
  readonly transactionalId?: string;
  readonly abort?: boolean;
  /** The producer dies within its transaction. */
  readonly leaveOpen?: boolean;
  readonly count?: number;
}

/** The directories and the model. */
export class TakeOver {
  readonly directories: readonly string[];
  readonly topics = new Map<string, ModelTopic>();
  /** By group, then by partition. */
  readonly groups = new Map<string, Map<string, number>>();
  readonly #random: Random;
  #store: Store | undefined;
  #nextProducer = 0;
  #made = 0;
  /** Whether all records get keys, as compacted topics want. */
  readonly #isKeyed: boolean;
  #endpoints: Awaited<ReturnType<typeof freeEndpoints>> | undefined;

  constructor(root: string, random: Random, { directories = 2, isKeyed = false } = {}) {
    this.#isKeyed = isKeyed;
    this.#random = random;
    const parent = mkdtempSync(join(realpathSync(root), 'takeover-'));
    this.directories = Array.from({ length: directories }, (_, i) => join(parent, `d${i}`));
    for (const directory of this.directories) mkdirSync(directory);
  }

  get store(): Store {
    if (this.#store === undefined) throw new Error('the store is closed');
    return this.#store;
  }

  /** Opens the store, lets it be changed, and closes it. */
  async inStore(work: () => Promise<void>, options: StoreOptions = {}): Promise<void> {
    this.#store = await Store.open(this.directories, { periodicCleaning: false, ...options });
    try {
      await work();
    } finally {
      await this.#store.close();
      this.#store = undefined;
    }
  }

  /** Hands the directories over to Kafka, has all of the model from it, lets it be changed, and adopts them again. */
  async inKafka(node: KafkaNode, work: () => Promise<void>): Promise<void> {
    const { propertiesFile } = await this.handedOver();
    await node.ask({ op: 'start', properties: propertiesFile });
    try {
      await this.compareWithKafka(node);
      await work();
      const { offline } = await node.ask<{ offline: string[] }>({ op: 'logDirs' });
      expect(offline).toEqual([]);
    } finally {
      await node.ask({ op: 'stop' });
    }
    expect(this.#names().filter((name) => name.endsWith('-stray'))).toEqual([]);
    this.#expectCleanElections();
    const adopted = await adopt(this.directories, { ...MACHINE });
    expect(adopted).toMatchObject({ troubled: [] });
  }

  /** The `directory.id`s that the metadata log has of the node. */
  registeredDirectories(): readonly string[] {
    return this.#image().brokers.get(1)?.logDirs ?? [];
  }

  #image(): MetadataImage {
    const [first = ''] = this.directories;
    return replayMetadata(MACHINE, join(first, METADATA_DIRECTORY), true).image;
  }

  /** A broker that does not believe the marks elects leaders uncleanly: they would have to recover. */
  #expectCleanElections(): void {
    const partitions = [...this.#image().topics.values()].flatMap((topic) => [...topic.partitions.values()]);
    expect(partitions.filter(({ leaderRecoveryState }) => leaderRecoveryState !== 0)).toEqual([]);
  }

  async handedOver(): Promise<Handover> {
    const outcome = await this.tryHandover();
    if ('problems' in outcome) throw new Error(outcome.problems.map(({ message }) => message).join('\n'));
    return outcome;
  }

  async tryHandover(more: Partial<HandoverOptions> = {}): Promise<Handover | Refusal> {
    this.#endpoints ??= await freeEndpoints();
    return handOver(this.directories, {
      ...MACHINE,
      ...this.#endpoints,
      defaults: {},
      propertiesFile: undefined,
      ...more,
    });
  }

  /** What is in the log directories. */
  #names(): string[] {
    return this.directories.flatMap((directory) => readdirSync(directory));
  }

  // What a store does

  async create(name: string, partitions: number, config: Partial<LogConfig> = {}): Promise<void> {
    const { topicId } = await this.store.createTopic({ name, partitions, config });
    this.#made++;
    this.topics.set(name, {
      id: topicId,
      configs: new Map(printLogConfig(config)),
      partitions: Array.from({ length: partitions }, () => []),
    });
  }

  async alter(name: string, config: Partial<LogConfig>): Promise<void> {
    await this.store.alterTopic(name, { set: config });
    for (const [key, value] of printLogConfig(config)) this.topic(name).configs.set(key, value);
  }

  async grow(name: string, partitions: number): Promise<void> {
    await this.store.createPartitions(name, partitions);
    this.#grown(name, partitions);
  }

  #grown(name: string, partitions: number): void {
    const topic = this.topic(name);
    while (topic.partitions.length < partitions) topic.partitions.push([]);
  }

  async delete(name: string): Promise<void> {
    await this.store.deleteTopic(name);
    this.#deleted(name);
  }

  /** What groups committed of it goes, too. */
  #deleted(name: string): void {
    const { partitions } = this.topic(name);
    this.topics.delete(name);
    for (const positions of this.groups.values()) for (const i of partitions.keys()) positions.delete(`${name}-${i}`);
  }

  async append(name: string, partition: number, compression: Codec, count: number): Promise<void> {
    const records = this.#records(count);
    const { baseOffset } = await this.store.partition(name, partition).append(records, { compression });
    this.#appended(name, partition, baseOffset, records);
  }

  /** As an idempotent producer does, whose ids begin where Kafka's own begin. */
  async appendNumbered(name: string, partition: number, count: number): Promise<void> {
    const records = this.#records(count);
    const producer = { producerId: this.#nextProducer++, producerEpoch: 0, baseSequence: 0 };
    const { baseOffset } = await this.store.partition(name, partition).append(records, { producer });
    this.#appended(name, partition, baseOffset, records);
  }

  async transaction(name: string, partition: number, result: 'commit' | 'abort', compression: Codec): Promise<void> {
    const log: Log = this.store.partition(name, partition);
    const records = this.#records(3);
    const [producerId, producerEpoch] = [this.#nextProducer++, 0];
    const producer = { producerId, producerEpoch, baseSequence: 0, isTransactional: true };
    const { baseOffset } = await log.append(records, { producer, compression });
    await log.endTransaction({ producerId, producerEpoch, result });
    if (result === 'commit') this.#appended(name, partition, baseOffset, records);
  }

  /** Commits positions of all partitions of a topic, for a group without members. */
  async commitInStore(group: string, name: string): Promise<void> {
    const positions = this.topic(name).partitions.map((records) => this.#random.between(0, records.length));
    await this.store.group(group).commit(
      positions.map((offset, partition) => ({ topic: name, partition, offset })),
      { sync: true },
    );
    this.#committed(group, name, positions);
  }

  /** Reads all of a topic as a member of a group, commits and leaves. */
  async consumeInStore(group: string, name: string): Promise<void> {
    const { partitions } = this.topic(name);
    let left = partitions.flat().length;
    await using consumer = this.store.consumer({ group, topics: name });
    while (left > 0) left -= (await consumer.poll({ timeoutMs: 10_000 })).length;
    await consumer.commit();
    this.#committedAll(group, name);
  }

  /** As members of a group do: of partitions without records, too. */
  #committedAll(group: string, name: string): void {
    const { partitions } = this.topic(name);
    this.#committed(
      group,
      name,
      partitions.map((records) => (records.at(-1)?.offset ?? -1) + 1),
    );
  }

  #positions(group: string): Map<string, number> {
    const known = this.groups.get(group) ?? new Map<string, number>();
    this.groups.set(group, known);
    return known;
  }

  #committed(group: string, name: string, positions: readonly number[]): void {
    const known = this.#positions(group);
    for (const [partition, position] of positions.entries()) known.set(`${name}-${partition}`, position);
  }

  #records(count: number): (RecordInput & { timestamp: number; value: Buffer | null; key: string | null })[] {
    const random = this.#random;
    const now = systemClock.now();
    return Array.from({ length: count }, (_, i) => ({
      key: random.chance(0.8) || this.#isKeyed ? `key-${random.between(0, 9)}` : null,
      value: random.chance(0.05) ? null : random.bytes(random.between(0, 300)),
      timestamp: now + i,
      headers: random.chance(0.2) ? [['h', random.bytes(3)] as const] : [],
    }));
  }

  #appended(
    name: string,
    partition: number,
    baseOffset: number,
    records: readonly (RecordInput & { timestamp: number })[],
  ): void {
    const list = this.records(name, partition);
    records.forEach((record, i) => {
      const { type: _, ...rest } = expectedRecord(record, baseOffset + i, record.timestamp);
      list.push(rest);
    });
  }

  topic(name: string): ModelTopic {
    const topic = this.topics.get(name);
    if (topic === undefined) throw new Error(`the model has no topic ${name}`);
    return topic;
  }

  /** Of the model: to be changed with what is appended. */
  records(name: string, partition: number): ConsumedByKafka[] {
    const records = this.topic(name).partitions[partition];
    if (records === undefined) throw new Error(`the model has no ${name}-${partition}`);
    return records;
  }

  // What Kafka does

  async createInKafka(
    node: KafkaNode,
    name: string,
    partitions: number,
    configs: Record<string, string>,
  ): Promise<void> {
    const { id } = await node.ask<{ id: string }>({ op: 'create', topic: name, partitions, configs });
    this.#made++;
    this.topics.set(name, {
      id,
      configs: new Map(Object.entries(configs)),
      partitions: Array.from({ length: partitions }, () => []),
    });
  }

  async deleteInKafka(node: KafkaNode, name: string): Promise<void> {
    await node.ask({ op: 'delete', topic: name });
    this.#deleted(name);
  }

  async growInKafka(node: KafkaNode, name: string, partitions: number): Promise<void> {
    await node.ask({ op: 'grow', topic: name, partitions });
    this.#grown(name, partitions);
  }

  async produceInKafka(
    node: KafkaNode,
    name: string,
    partition: number,
    { count = this.#random.between(1, 5), ...how }: KafkaProduce,
  ): Promise<void> {
    const inputs = this.#records(count);
    const records: SentRecord[] = inputs.map(({ key, value, timestamp }) => ({
      timestamp,
      key: key === null ? null : Buffer.from(key).toString('base64'),
      value: value === null ? null : value.toString('base64'),
    }));
    const { offsets } = await node.ask<{ offsets: number[] }>({
      op: 'produce',
      topic: name,
      partition,
      ...how,
      records,
    });
    if (how.abort === true || how.leaveOpen === true) return;
    inputs.forEach(({ key, value, timestamp }, i) =>
      this.records(name, partition).push({
        ...{ offset: offsets[i] ?? -1, timestamp, headers: [] },
        key: key === null ? null : encoded(Buffer.from(key)),
        value: encoded(value),
      }),
    );
  }

  /** Commits positions as Kafka's tools do, in all partitions of a topic. */
  async commitInKafka(node: KafkaNode, group: string, name: string): Promise<void> {
    const positions = this.topic(name).partitions.map((records) => this.#random.between(0, records.length));
    await node.ask({ op: 'commit', group, offsets: { [name]: positions } });
    this.#committed(group, name, positions);
  }

  /** Reads on as a member of a group, commits where it came to, and leaves. @returns how many records came */
  async joinInKafka(
    node: KafkaNode,
    group: string,
    name: string,
    count: number,
    protocol: 'classic' | 'consumer' = 'classic',
  ): Promise<number> {
    const { records } = await node.ask<{ records: unknown[] }>({ op: 'join', group, topics: [name], count, protocol });
    this.#committedAll(group, name);
    return records.length;
  }

  // What both must say

  async compareWithKafka(node: KafkaNode): Promise<void> {
    const topics = (await node.topics()).filter(({ name }) => !INTERNAL.test(name));
    expect(topics.map(({ name, id, configs, partitions }) => [name, id, configs, partitions.length])).toEqual(
      this.#described(),
    );
    for (const { partitions } of topics) {
      for (const partition of partitions) expect(partition).toEqual({ leader: 1, replicas: [1], isr: [1] });
    }
    const all = [...this.topics].flatMap(([name, { partitions }]) => partitions.map((_, i) => [name, i] as const));
    const consumed = await node.consume(all);
    for (const [i, [name, partition]] of all.entries()) {
      expect({ name, partition, records: consumed[i] }).toEqual({
        name,
        partition,
        records: this.records(name, partition),
      });
    }
    const groups = await node.groups();
    for (const [group, positions] of this.groups) {
      const committed = Object.entries(groups[group]?.committed ?? {}).map(([key, { offset }]) => [key, offset]);
      expect(Object.fromEntries(committed)).toEqual(Object.fromEntries(positions));
    }
  }

  /** The same from the store, which is open. */
  async compareWithStore(): Promise<void> {
    const described = this.store
      .topics()
      .filter((name) => !INTERNAL.test(name))
      .map((name) => {
        const { topicId, configs, partitions } = this.store.describeTopic(name);
        return [name, topicId, configs, partitions.length];
      });
    expect(described).toEqual(this.#described());
    for (const [group, positions] of this.groups) {
      for (const [key, offset] of positions) {
        const [, topic = '', partition] = /^(.*)-(\d+)$/.exec(key) ?? [];
        expect({
          group,
          key,
          ...(await this.store.group(group).committed({ topic, partition: Number(partition) })),
        }).toMatchObject({ offset });
      }
    }
    for (const [name, { partitions }] of this.topics) {
      for (const [partition, records] of partitions.entries()) {
        const read = await readCommitted(this.store.partition(name, partition));
        expect({ name, partition, records: read }).toEqual({ name, partition, records });
      }
    }
  }

  #described(): unknown[] {
    const names = [...this.topics.keys()].sort();
    return names.map((name) => {
      const { id, configs, partitions } = this.topic(name);
      return [name, id, Object.fromEntries(configs), partitions.length];
    });
  }

  /** A name that no topic had before. */
  newName(): string {
    return `t${this.#made}`;
  }
}

/** What all of it stands on. */
export const MACHINE: AdoptOptions = { engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock };
