/** Why log directories do not change hands: each reason is told with what to do, and nothing was changed. */
import { expect, test } from 'vitest';
import type { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import type { HandoverOptions } from '../../src/handover/handover.ts';
import { Store } from '../../src/index.ts';
import { CONTROL_TYPES } from '../../src/format/control-record.ts';
import { KRaftVersionRecord, VotersRecord } from '../../src/message/generated/control.ts';
import type { StructValue } from '../../src/message/plan.ts';
import type { AnyMessage } from '../../src/message/schema.ts';
import type { ControlRecord } from '../../src/metadata/batches.ts';
import { printPartitionMetadata } from '../../src/format/partition-metadata.ts';
import { PartitionRecord } from '../../src/message/generated/metadata-topics.ts';
import { decodeRecord } from '../../src/metadata/record.ts';
import { controlRecord } from '../support/coordinator-records.ts';
import { adopting, closedStore, contents, handingOver, PATHS, problemsOf, restate } from './support.ts';

const STRANGE_ID = 'N-n8Pc62RTeyzDX7h7d1tQ';

interface Case {
  readonly says: string;
  readonly damage: (fs: MemoryFileSystem) => void;
  readonly paths?: readonly string[];
  /** What is told: every problem has one of these. */
  readonly told: readonly RegExp[];
}

function edit(fs: MemoryFileSystem, path: string, change: (text: string) => string): void {
  fs.replaceSmall(path, Buffer.from(change(Buffer.from(fs.readSmall(path) ?? []).toString())));
}

/** Wherever the store has put it. */
function placeOf(fs: MemoryFileSystem, name: string): string {
  const root = PATHS.find((path) => fs.stat(`${path}/${name}`) !== undefined);
  if (root === undefined) throw new Error(`there is no ${name}`);
  return `${root}/${name}`;
}

const CASES: readonly Case[] = [
  {
    says: 'a directory was not closed clean',
    damage: (fs) => fs.remove('/b/.kafka_cleanshutdown'),
    told: [/^RECOVERY_REFUSED: .*closed clean.*\(\/b\)/],
  },
  {
    says: 'a mark is of another life of the broker',
    damage: (fs) => edit(fs, '/b/.kafka_cleanshutdown', () => '{"version":0,"brokerEpoch":4711}'),
    told: [/^DIRECTORY_MISMATCH: .*another life.*found 4711/],
  },
  {
    says: 'a directory says nothing of itself',
    damage: (fs) => fs.remove('/b/meta.properties'),
    told: [/^DIRECTORY_MISMATCH: there is no meta.properties \(\/b\/meta.properties\)/, /is not among those given/],
  },
  {
    says: 'a directory is of another cluster',
    damage: (fs) => edit(fs, '/b/meta.properties', (text) => text.replace(/cluster.id=.*/, 'cluster.id=theirs')),
    told: [/^DIRECTORY_MISMATCH: .*another cluster.id.*found theirs/],
  },
  {
    says: 'the metadata log is of another node',
    damage: (fs) => {
      for (const path of PATHS) edit(fs, `${path}/meta.properties`, (text) => text.replace('node.id=1', 'node.id=2'));
    },
    told: [/^DIRECTORY_MISMATCH: .*another cluster or node.*expected 2, found 1/],
  },
  {
    says: 'a log directory was left out',
    damage: () => undefined,
    paths: ['/a'],
    told: [
      /is not among those given/,
      /^DIRECTORY_MISMATCH: (?:events|logs)-\d is in the metadata log, and its directory is nowhere/,
    ],
  },
  {
    says: 'the one with the metadata log was left out',
    damage: () => undefined,
    paths: ['/b'],
    told: [/^DIRECTORY_MISMATCH: no log directory has a metadata log/],
  },
  {
    says: 'two directories have a metadata log',
    damage: (fs) => void fs.makeDirectory('/b/__cluster_metadata-0'),
    told: [/^DIRECTORY_MISMATCH: two log directories have a metadata log/],
  },
  {
    says: 'the metadata log is damaged',
    damage: (fs) => {
      const path = '/a/__cluster_metadata-0/00000000000000000000.log';
      const bytes = Buffer.from(fs.readSmall(path) ?? []);
      bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
      fs.replaceSmall(path, bytes);
    },
    told: [/__cluster_metadata-0\/00000000000000000000\.log/],
  },
  {
    says: "a partition's directory is gone",
    damage: (fs) => fs.removeTree(placeOf(fs, 'events-3')),
    told: [/^DIRECTORY_MISMATCH: events-3 is in the metadata log, and its directory is nowhere/],
  },
  {
    says: 'there is a partition that no topic has',
    damage: (fs) => void fs.makeDirectory('/a/events-9'),
    told: [/^DIRECTORY_MISMATCH: .*does not have \(\/a\/events-9\)/],
  },
  {
    says: 'a directory is of another topic of the name',
    damage: (fs) =>
      fs.replaceSmall(`${placeOf(fs, 'events-0')}/partition.metadata`, Buffer.from(printPartitionMetadata(STRANGE_ID))),
    told: [/^TOPIC_ID_MISMATCH: .*another topic of that name/],
  },
  {
    says: 'a directory is a copy of another topic',
    damage: (fs) => {
      fs.makeDirectory('/a/copy-0');
      const said = fs.readSmall(`${placeOf(fs, 'events-0')}/partition.metadata`) ?? new Uint8Array(0);
      fs.replaceSmall('/a/copy-0/partition.metadata', said);
    },
    told: [/^DIRECTORY_MISMATCH: .*does not have \(\/a\/copy-0\).*the id of the topic events.*move it out/],
  },
  {
    says: 'two directories have the same partition',
    damage: (fs) => PATHS.forEach((path) => fs.makeDirectory(`${path}/logs-0`)),
    told: [/^DUPLICATE_PARTITION: /],
  },
  {
    says: 'a broker would end at the name of a directory',
    damage: (fs) => void fs.makeDirectory('/a/.backup'),
    told: [/^INVALID_NAME: .*found "\.backup" \(\/a\/\.backup\)/],
  },
];

test.each(CASES)('they are neither handed over nor adopted when $says', async ({ damage, paths = PATHS, told }) => {
  const fs = await closedStore();
  damage(fs);
  const before = contents(fs);
  for (const outcome of [await handingOver(fs, { paths }), await adopting(fs, paths)]) {
    const problems = problemsOf(outcome);
    for (const one of told) expect(problems).toContainEqual(expect.stringMatching(one));
    for (const problem of problems)
      expect(
        told.some((one) => one.test(problem)),
        problem,
      ).toBe(true);
    expect(contents(fs)).toEqual(before);
  }
});

test('nor while a store has them open', async () => {
  const fs = await closedStore();
  await using _ = await Store.open(PATHS, { fs });
  await expect(handingOver(fs)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
  await expect(adopting(fs)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
});

interface CaseForKafka {
  readonly says: string;
  /** Of a topic `odd`. */
  readonly config?: object;
  readonly damage?: (fs: MemoryFileSystem) => void;
  readonly told: readonly RegExp[];
}

/** Of any topic. */
function isPartition(record: Uint8Array, number: number): boolean {
  const { type, data } = decodeRecord(record);
  return type === PartitionRecord.apiKey && (data as PartitionRecord).partitionId === number;
}

/** A broker elects leaders uncleanly where it does not believe them. */
const MARKS = ['', 'garbage', '{"version":0}', '{"version":0,"brokerEpoch":-1}'];

const FOR_KAFKA: readonly CaseForKafka[] = [
  {
    says: 'a topic with smaller segments than a broker makes',
    config: { segmentBytes: 1000 },
    told: [
      /segment\.bytes of the topic odd.*expected a whole number from 1048576, found "1000".*seglog topics alter odd/,
    ],
  },
  {
    says: 'a topic with a level of gzip that it does not know',
    config: { compressionGzipLevel: 0 },
    told: [/compression\.gzip\.level of the topic odd/],
  },
  {
    says: 'a partition that says no topic',
    // A broker would put its records aside.
    damage: (fs) => fs.remove(`${placeOf(fs, 'events-0')}/partition.metadata`),
    told: [/^DIRECTORY_MISMATCH: .*no partition\.metadata.*events-0\/partition\.metadata.*seglog store run/],
  },
  {
    says: 'a topic without one of its partitions',
    damage: (fs) => {
      fs.removeTree(placeOf(fs, 'events-1'));
      restate(fs, (values) => values.filter((value) => !isPartition(value, 1)));
    },
    told: [/^DIRECTORY_MISMATCH: the topic events has no partition 1.*seglog store run/],
  },
  ...MARKS.map((mark) => ({
    says: `a mark ${mark}`,
    damage: (fs: MemoryFileSystem) => PATHS.forEach((path) => edit(fs, `${path}/.kafka_cleanshutdown`, () => mark)),
    told: PATHS.map((path) => new RegExp(`^RECOVERY_REFUSED: .*life of the broker.*broker epoch \\d+.*\\(${path}\\)`)),
  })),
];

test.each(FOR_KAFKA)('$says: they are not handed over, but adopted, and handed over then', async (one) => {
  const { config, damage, told } = one;
  const fs = await closedStore(
    async (store) => void (config === undefined || (await store.createTopic({ name: 'odd', config }))),
  );
  damage?.(fs);
  const before = contents(fs);
  expect(problemsOf(await handingOver(fs))).toEqual(told.map((text) => expect.stringMatching(text)));
  expect(contents(fs)).toEqual(before);
  expect(problemsOf(await adopting(fs))).toEqual([]);
  // What a topic says of itself a store keeps; the rest it has written.
  expect(problemsOf(await handingOver(fs))).toHaveLength(config === undefined ? 0 : told.length);
});

/** KRaftVersion and KRaftVoters of one voter, as where `kraft.version` is 1. */
function dynamicVoter(voterDirectoryId: string): ControlRecord[] {
  const kRaftVersionFeature = { minSupportedVersion: 0, maxSupportedVersion: 1 };
  const endpoints = [{ name: 'CONTROLLER', host: 'localhost', port: 9093 }];
  const said: readonly [number, AnyMessage, StructValue][] = [
    [CONTROL_TYPES.kraftVersion, KRaftVersionRecord, { kRaftVersion: 1 }],
    [
      CONTROL_TYPES.kraftVoters,
      VotersRecord,
      { voters: [{ voterId: 1, voterDirectoryId, endpoints, kRaftVersionFeature }] },
    ],
  ];
  return said.map(([type, message, value]) => ({
    type,
    value: controlRecord(type, message, value, 0).value ?? new Uint8Array(0),
  }));
}

test('a metadata log whose voter votes from another log directory than its own keeps them where they are', async () => {
  const fs = await closedStore();
  const idOf = (path: string): string =>
    /directory\.id=(.*)/.exec(Buffer.from(fs.readSmall(`${path}/meta.properties`) ?? []).toString())?.[1] ?? '';
  restate(fs, (values) => values, dynamicVoter(STRANGE_ID));
  const before = contents(fs);
  for (const outcome of [await handingOver(fs), await adopting(fs)]) {
    expect(problemsOf(outcome)).toEqual([
      expect.stringMatching(
        new RegExp(`^DIRECTORY_MISMATCH: .*voter.*expected directory.id ${STRANGE_ID}, found ${idOf('/a')} \\(/a\\)`),
      ),
    ]);
    expect(contents(fs)).toEqual(before);
  }
  // Its own, or none, as where voters were static when the log began.
  for (const id of [idOf('/a'), 'A'.repeat(22)]) {
    restate(fs, (values) => values, dynamicVoter(id));
    expect(problemsOf(await handingOver(fs))).toEqual([]);
  }
});

test('a path with a comma cannot be said to a broker', async () => {
  const fs = await closedStore();
  const store = await Store.open('/a,b', { fs });
  await store.createTopic({ name: 'here' });
  await store.close();
  expect(problemsOf(await handingOver(fs, { paths: ['/a,b'] }))).toEqual([expect.stringMatching(/a comma \(\/a,b\)/)]);
});

const SETUPS: readonly { says: string; options: Partial<HandoverOptions>; told: RegExp }[] = [
  {
    says: 'smaller segments than it makes',
    options: { defaults: { segmentBytes: 1000 } },
    told: /^INVALID_CONFIG: .*segment\.bytes.*expected a whole number from 1048576, found "1000"/,
  },
  {
    says: 'a level of gzip that it does not know',
    options: { defaults: { compressionGzipLevel: 0 } },
    told: /^INVALID_CONFIG: .*compression\.gzip\.level.*but not 0, found "0"/,
  },
  {
    says: 'records that are to go at once',
    options: { defaults: { retentionMs: 0 } },
    told: /^INVALID_CONFIG: .*retention\.ms.*a whole number, but not 0, found "0"/,
  },
  {
    says: 'no address of its own',
    options: { listener: { host: '0.0.0.0', port: 9092 } },
    told: /^INVALID_ARGUMENT: .*all addresses.*found 0\.0\.0\.0.*advertised\.listeners/,
  },
  {
    says: 'no address of IPv6 of its own',
    options: { controllerListener: { host: '[::]', port: 9093 } },
    told: /^INVALID_ARGUMENT: .*all addresses.*found \[::\]/,
  },
  {
    says: 'one port for both listeners',
    options: { listener: { host: 'elsewhere', port: 9093 } },
    told: /^INVALID_ARGUMENT: .*the same port.*found 9093/,
  },
];

test.each(SETUPS)('a broker that would end at its start is not set up: $says', async ({ options, told }) => {
  const fs = await closedStore();
  const before = contents(fs);
  expect(problemsOf(await handingOver(fs, options))).toEqual([expect.stringMatching(told)]);
  expect(contents(fs)).toEqual(before);
});
