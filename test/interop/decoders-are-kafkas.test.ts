/**
 * What the decoders and control records say is what kafka-dump-log prints: of every segment of Kafka's own topics in the
 * fixtures, of the KRaft snapshots, and of records of every type and version.
 */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runPeer } from '../../scripts/peer.mjs';
import { ATTRIBUTES } from '../../src/format/batch.ts';
import { controlText } from '../../src/inspect/control.ts';
import type { RecordDecoder } from '../../src/inspect/decode/contract.ts';
import { recordDecoder } from '../../src/inspect/decode/decoders.ts';
import { GROUP_RECORDS } from '../../src/message/generated/group-records.ts';
import { SHARE_RECORDS } from '../../src/message/generated/share-records.ts';
import { TRANSACTION_RECORDS } from '../../src/message/generated/transaction-records.ts';
import { batch, record } from '../inspect/make-batch.ts';
import {
  controlRecords,
  coordinatorRecords,
  type MadeRecord,
  metadataRecords,
} from '../support/coordinator-records.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { cursorOver, type RawRecord, rawRecords } from '../support/raw-records.ts';
import { scratch } from '../support/temp.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';

interface Subject {
  topic: string;
  option: string;
  /** Files of the fixtures must be at least as many, and so must records of them. */
  files: number;
  records: number;
  made: (perVersion: number, random: Random) => MadeRecord[];
}

const SUBJECTS: Subject[] = [
  {
    topic: '__consumer_offsets',
    option: '--offsets-decoder',
    ...{ files: 10, records: 20 },
    made: (perVersion, random) => coordinatorRecords(GROUP_RECORDS, perVersion, random),
  },
  {
    topic: '__transaction_state',
    option: '--transaction-log-decoder',
    ...{ files: 10, records: 20 },
    made: (perVersion, random) => coordinatorRecords(TRANSACTION_RECORDS, perVersion, random),
  },
  {
    topic: '__share_group_state',
    option: '--share-group-state-decoder',
    // The fixtures have none.
    ...{ files: 0, records: 0 },
    made: (perVersion, random) => coordinatorRecords(SHARE_RECORDS, perVersion, random),
  },
  {
    topic: '__cluster_metadata',
    option: '--cluster-metadata-decoder',
    ...{ files: 6, records: 100 },
    made: metadataRecords,
  },
];

/** The .log and .checkpoint files of a topic in the fixtures; the bootstrap snapshot holds metadata too. */
function fixtureFiles(topic: string): string[] {
  return ['clean', 'unclean'].flatMap((set) => {
    const home = join(FIXTURES, set);
    const found = readdirSync(home)
      .filter((name) => name.startsWith(`${topic}-`))
      .flatMap((name) => readdirSync(join(home, name)).map((file) => join(home, name, file)))
      .filter((file) => /\.(?:log|checkpoint)$/.test(file));
    return topic === '__cluster_metadata' ? [...found, join(home, 'bootstrap.checkpoint')] : found;
  });
}

/** A file of made records, each in a batch of its own. */
function logOf(records: readonly MadeRecord[], attributes = 0): Buffer {
  return Buffer.concat(
    records.map(({ key, value }, i) => batch({ baseOffset: BigInt(i), attributes, records: record(0, key, value) })),
  );
}

type Printed = [offset: number, text: string];

/** What Kafka prints behind the headers of each record, by file. */
async function printedByKafka(files: readonly string[], option: string): Promise<Map<string, Printed[]>> {
  const args = ['--files', files.join(','), option];
  const text = (await runPeer('org.apache.kafka.tools.DumpLogSegments', args)) as string;
  const found = new Map<string, Printed[]>();
  let records: Printed[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('Dumping ')) found.set(line.slice('Dumping '.length), (records = []));
    const match = /^\| offset: (\d+) .*? headerKeys: \[.*?\] (.*)$/.exec(line);
    if (match !== null) records.push([Number(match[1]), match[2] ?? '']);
  }
  return found;
}

/** The same from our decoder. */
function printedByUs(decoder: RecordDecoder, raw: RawRecord): string {
  if (raw.isControl) return controlText(cursorOver(raw));
  const { key, value } = decoder.decode(raw.key, raw.value);
  expect([key?.known, value?.known]).not.toContain(false);
  return `${key === undefined ? '' : `key: ${key.json} `}payload: ${value?.json ?? '<DELETE>'}`;
}

/** Kafka prints a float64 as `3.0`, we as `3`: there, and nowhere else, JSON is compared by its meaning. */
function comparable(printed: string): unknown {
  const prefix = 'payload: {"type":"CLIENT_QUOTA_RECORD"';
  return printed.startsWith(prefix) ? JSON.parse(printed.slice('payload: '.length)) : printed;
}

/** @returns how many records were compared */
async function compare(files: readonly string[], option: string, decoder: RecordDecoder): Promise<number> {
  const byKafka = await printedByKafka(files, option);
  let compared = 0;
  for (const file of files) {
    const ours = rawRecords(file).map((raw): Printed => [raw.offset, printedByUs(decoder, raw)]);
    const theirs = byKafka.get(file) ?? [];
    expect(ours.map(([offset]) => offset)).toEqual(theirs.map(([offset]) => offset));
    for (const [i, [offset, printed]] of ours.entries())
      expect(comparable(printed), `${file} at offset ${offset}`).toEqual(comparable(theirs[i]?.[1] ?? ''));
    compared += ours.length;
  }
  return compared;
}

function decoderFor(topic: string): RecordDecoder {
  return recordDecoder('auto', topic) as RecordDecoder;
}

await withKafka(() => {
  test.each(SUBJECTS.filter(({ files }) => files > 0))(
    '$topic of the fixtures',
    { timeout: PATIENCE_MS },
    async (subject) => {
      const { topic, option, files, records } = subject;
      const paths = fixtureFiles(topic);
      expect(paths.length).toBeGreaterThanOrEqual(files);
      expect(await compare(paths, option, decoderFor(topic))).toBeGreaterThanOrEqual(records);
    },
  );

  test.each(SUBJECTS)('$topic of every type and version', { timeout: PATIENCE_MS }, async ({ topic, option, made }) => {
    const { seed, cases } = fuzzPlan(6);
    const file = join(scratch(), '00000000000000000000.log');
    writeFileSync(file, logOf(made(cases, new Random(seed))));
    expect(await compare([file], option, decoderFor(topic))).toBeGreaterThan(cases);
  });

  test('control records of every type', { timeout: PATIENCE_MS }, async () => {
    const { seed, cases } = fuzzPlan(6);
    const file = join(scratch(), '00000000000000000000.log');
    writeFileSync(file, logOf(controlRecords(cases, new Random(seed)), ATTRIBUTES.CONTROL));
    const decoder = recordDecoder('metadata', undefined) as RecordDecoder;
    expect(await compare([file], '--cluster-metadata-decoder', decoder)).toBe(5 * cases);
  });
});
