/** What a topic may say of itself, and a broker of all of them, before they are handed over is what Apache Kafka's own takes. */
import { afterAll, expect, test } from 'vitest';
import { LOG_CONFIG_NAMES } from '../../src/config/log-config.ts';
import { brokerNameOf, brokerRefuses, KAFKA_TOPIC_CONFIGS, kafkaRefuses } from '../../src/handover/kafka-configs.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import { KafkaNode } from './kafka-node.ts';

const NUMBERS = [
  '-9223372036854775809',
  '-9223372036854775808',
  '-2147483648',
  '-131073',
  '-131072',
  '-3',
  '-2',
  '-1',
  '0',
  '1',
];
const MORE_NUMBERS = [
  '3',
  '4',
  '9',
  '10',
  '13',
  '14',
  '17',
  '18',
  '22',
  '23',
  '1048575',
  '1048576',
  '2147483647',
  '2147483648',
];
const ODD_NUMBERS = [
  '9223372036854775807',
  '9223372036854775808',
  '+5',
  ' 7 ',
  '1e3',
  '1e-7',
  '0.5',
  '.5',
  '5.',
  '1.01',
  '0x10',
  '1_000',
  '',
  '-',
];
const WORDS = [
  'true',
  'TRUE',
  ' False',
  'yes',
  'none',
  'uncompressed',
  'zstd',
  'ZSTD',
  'gzip',
  'producer',
  'CreateTime',
  'createtime',
  'LogAppendTime',
];
const LISTS = [
  'compact',
  'delete',
  'compact,delete',
  ' compact , delete ',
  'compact,,delete',
  'compact,compact',
  'compact,none',
  '*',
  '0:1',
  '0:1,1:2',
  '0:1,x',
  'NaN',
  '0.5f',
];
const VALUES = [...NUMBERS, ...MORE_NUMBERS, ...ODD_NUMBERS, ...WORDS, ...LISTS];

await withKafka(() => {
  const node = new KafkaNode();
  afterAll(() => node.close());

  test.each([...KAFKA_TOPIC_CONFIGS, 'no.such.name'])(
    'of %s it is known which values end a broker',
    async (name) => {
      const { refused } = await node.ask<{ refused: boolean[] }>({
        op: 'configs',
        values: VALUES.map((value) => [name, value]),
      });
      const ofKafka = VALUES.filter((_, i) => refused[i]);
      expect(VALUES.filter((value) => kafkaRefuses(name, value) !== undefined)).toEqual(ofKafka);
    },
    PATIENCE_MS,
  );

  test.each(LOG_CONFIG_NAMES)(
    'of %s it is known which values for all topics end a broker',
    async (name) => {
      const { refused } = await node.ask<{ refused: boolean[] }>({
        op: 'brokerConfigs',
        values: VALUES.map((value) => [brokerNameOf(name), value]),
      });
      const ofKafka = VALUES.filter((_, i) => refused[i]);
      expect(VALUES.filter((value) => brokerRefuses(name, value) !== undefined)).toEqual(ofKafka);
    },
    PATIENCE_MS,
  );
});
