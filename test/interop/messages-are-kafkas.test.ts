/**
 * Every message of Kafka's jars, in every version: what we write, Kafka's own classes read; they write the same bytes, and
 * print the same JSON. Messages of the wire protocol, for which no code is generated yet, are held to it from their
 * schemas. And what is generated is what the jars say.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { messagesOf, staleMessages } from '../../scripts/generate-messages.mjs';
import { messageJson } from '../../src/message/json.ts';
import type { StructValue } from '../../src/message/plan.ts';
import { readMessage } from '../../src/message/read.ts';
import { MessageReader } from '../../src/message/reader.ts';
import type { AnyMessage, FieldSchema, Message } from '../../src/message/schema.ts';
import { writeMessage } from '../../src/message/write.ts';
import { MessageWriter } from '../../src/message/writer.ts';
import { messageValue, versionsOf } from '../support/message-values.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { askKafka, PATIENCE_MS, withKafka } from './kafka.ts';

const PACKAGES = {
  'kafka-clients': 'org.apache.kafka.common.message',
  'kafka-group-coordinator': 'org.apache.kafka.coordinator.group.generated',
  'kafka-transaction-coordinator': 'org.apache.kafka.coordinator.transaction.generated',
  'kafka-share-coordinator': 'org.apache.kafka.coordinator.share.generated',
  'kafka-metadata': 'org.apache.kafka.common.metadata',
  'kafka-raft': 'org.apache.kafka.raft.generated',
} as const;

/** Kinds of messages whose classes have another name than their schema. */
const WITH_DATA: ReadonlySet<string> = new Set(['request', 'response', 'header']);

type KafkaMessage = AnyMessage & { readonly kind: string };

interface Case {
  name: string;
  class: string;
  version: number;
  bytes: string;
  json: string;
  value: StructValue;
  read: StructValue;
  exact: boolean;
  hasRecords: boolean;
}

interface Answer {
  json?: string;
  bytes?: string;
  left?: number;
  error?: string;
}

function hasType(type: string, fields: readonly FieldSchema[]): boolean {
  return fields.some((field) =>
    typeof field.type === 'string' ? field.type === type : hasType(type, field.type.fields),
  );
}

function makeCase(inPackage: string, message: KafkaMessage, version: number, random: Random): Case {
  const typed = message as Message<StructValue>;
  const value = messageValue(message, version, random);
  const writer = new MessageWriter();
  writeMessage(typed, writer, value, version);
  return {
    name: `${message.name} version ${version}`,
    class: `${inPackage}.${message.name}${WITH_DATA.has(message.kind) ? 'Data' : ''}`,
    version,
    bytes: Buffer.from(writer.bytes).toString('base64'),
    json: messageJson(typed, value, version),
    value,
    read: readMessage(typed, new MessageReader(writer.bytes), version),
    exact: !hasType('float64', message.fields),
    hasRecords: hasType('records', message.fields),
  };
}

await withKafka(() => {
  test('what is committed is what the schemas in the jars give', { timeout: PATIENCE_MS }, async () => {
    expect(await staleMessages()).toEqual([]);
  });

  describe.each(Object.entries(PACKAGES))('the messages of %s', (jar, inPackage) => {
    const { seed, cases: perVersion } = fuzzPlan(5);
    const cases: Case[] = [];
    let answers: Answer[] = [];

    beforeAll(async () => {
      const random = new Random(seed);
      for (const message of (messagesOf(jar) as unknown as Map<string, KafkaMessage>).values())
        for (const version of versionsOf(message))
          for (let i = 0; i < perVersion; i++) cases.push(makeCase(inPackage, message, version, random));
      answers = await askKafka<Answer>(
        'OracleMessages',
        cases.map(({ class: type, version, bytes }) => ({ class: type, version, bytes })),
      );
    }, PATIENCE_MS);

    test('are read by us as they were written', () => {
      expect(cases.length).toBeGreaterThanOrEqual(perVersion);
      for (const { name, value, read } of cases) expect(read, name).toEqual(value);
    });

    test('are read by Kafka, which writes the same bytes', () => {
      expect(answers.length).toBe(cases.length);
      for (const [i, { name, bytes }] of cases.entries()) {
        const { json: _, ...answer } = answers[i] ?? {};
        expect({ name, ...answer }).toEqual({ name, bytes, left: 0 });
      }
    });

    test('print as the same JSON', () => {
      for (const [i, { name, json, exact, hasRecords }] of cases.entries()) {
        const theirs = answers[i]?.json ?? '';
        if (exact && !hasRecords) expect(json, name).toBe(theirs);
        else if (!hasRecords) expect(JSON.parse(json), name).toEqual(JSON.parse(theirs));
      }
    });
  });
});
