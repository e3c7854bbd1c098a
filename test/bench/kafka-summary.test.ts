import { join } from 'node:path';
import { expect, it } from 'vitest';
import { summarizeLogDirectory } from '../../src/bench/demo/kafka-summary.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { type ExpectedBatch, expectedLines, FIXTURES, groupBy, segments } from '../support/fixtures.ts';

it('the summary of a log directory has what Kafka reads from it', () => {
  const summaries = new Map(
    summarizeLogDirectory(defaultEngine(), nodeFileSystem, join(FIXTURES, 'clean')).map((summary) => [
      summary.name,
      summary,
    ]),
  );
  const partitions = groupBy(segments('clean'), ({ partition }) => partition);
  expect(partitions.length).toBeGreaterThan(10);
  for (const [partition, files] of partitions) {
    const lines = files.flatMap(expectedLines);
    const batches = lines.filter((line): line is ExpectedBatch => line.type === 'batch');
    expect(summaries.get(partition)).toMatchObject({
      name: partition,
      intact: true,
      batches: batches.length,
      records: lines.length - batches.length,
      bytes: batches.reduce((sum, { size }) => sum + size, 0),
      codecs: new Set(batches.map(({ compression }) => compression)),
      firstOffset: batches[0]?.baseOffset ?? -1,
      lastOffset: batches.at(-1)?.lastOffset ?? -1,
    });
  }
});
