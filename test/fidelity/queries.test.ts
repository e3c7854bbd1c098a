import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { LogReader } from '../../src/log/log-reader.ts';
import { FIXTURES, groupBy, jsonLines } from '../support/fixtures.ts';

interface Query {
  query: string;
  topic: string;
  partition: number;
  timestamp: number;
  offset: number;
  foundTimestamp: number;
}

const queries = jsonLines<Query>(readFileSync(join(FIXTURES, 'expected/clean-queries.jsonl'), 'utf8'));
const partitions = groupBy(queries, ({ topic, partition }) => `${topic}-${partition}`);

describe.each(partitions)('a running Kafka asked about %s', (name, asked) => {
  test.each(asked.filter(({ query }) => query !== 'read-committed'))('$query $timestamp is $offset', (asking) => {
    using reader = LogReader.open(join(FIXTURES, 'clean', name));
    expect(answer(reader, asking)).toEqual({ offset: asking.offset, timestamp: asking.foundTimestamp });
  });
});

function answer(reader: LogReader, { query, timestamp }: Query): unknown {
  if (query === 'earliest') return { offset: reader.logStartOffset, timestamp: -1 };
  if (query === 'latest') return { offset: reader.logEndOffset, timestamp: -1 };
  const found = query === 'max-timestamp' ? reader.maxTimestamp() : reader.offsetForTimestamp(timestamp);
  return found ?? { offset: -1, timestamp: -1 };
}
