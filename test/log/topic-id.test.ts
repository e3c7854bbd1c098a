import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

const ID = 'dGhpcyBpcyBhIHRvcGljIQ';

describe('the topic id of a partition', () => {
  test('testLogFlushesPartitionMetadataOnAppend: is on the disk with the first append, as Kafka writes it', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory, { topicId: ID });
    const file = join(directory, 'partition.metadata');
    expect(existsSync(file)).toBe(false);
    log.appendSync({ value: 'first' });
    expect(readFileSync(file, 'utf8')).toBe(`version: 0\ntopic_id: ${ID}`);
    expect(log.status().topicId).toBe(ID);
    await log.close();
    const again = await Log.open(directory);
    expect(again.status().topicId).toBe(ID);
    await again.close();
  });

  test('is compared with the one that is given', async () => {
    const directory = scratchPartition();
    mkdirSync(directory);
    writeFileSync(join(directory, 'partition.metadata'), `version: 0\ntopic_id: ${ID}`);
    await expect(Log.open(directory, { topicId: 'AAAAAAAAAAAAAAAAAAAAAQ' })).rejects.toMatchObject({
      code: 'TOPIC_ID_MISMATCH',
      file: join(directory, 'partition.metadata'),
    });
    await expect(Log.open(directory, { topicId: 'not an id' })).rejects.toMatchObject({ code: 'TOPIC_ID_MISMATCH' });
  });

  test('that cannot be read keeps the log closed, since nothing else knows it, and the file is named', async () => {
    const directory = scratchPartition();
    mkdirSync(directory);
    const file = join(directory, 'partition.metadata');
    writeFileSync(file, 'version: 0\ntopic_id: AAAA');
    await expect(Log.open(directory)).rejects.toMatchObject({ code: 'CORRUPT_CHECKPOINT', file });
    expect(readFileSync(file, 'utf8')).toBe('version: 0\ntopic_id: AAAA');
  });

  test('that is none is refused before anything is made of it', async () => {
    const directory = scratchPartition();
    await expect(Log.open(directory, { topicId: 'short' })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
