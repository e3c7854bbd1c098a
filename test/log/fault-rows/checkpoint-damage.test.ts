/** Row F7 of the fault list: damaged small files: what the log tells is rebuilt from it, and nothing keeps it from opening. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log, LogReader } from '../../../src/index.ts';
import { scratchPartition } from '../../support/temp.ts';
import {
  afterFault,
  codeOf,
  fileOf,
  type Files,
  filesIn,
  filled,
  flipped,
  opened,
  placed,
  readAll,
  unclean,
  valuesTo,
  withFile,
} from './partition.ts';

const EPOCHS = 'leader-epoch-checkpoint';
const PRODUCER = { producerId: 11, producerEpoch: 3 };

/** Batches of two producers under two leader epochs. */
async function withProducers(): Promise<Files> {
  const directory = scratchPartition();
  {
    await using log = await Log.open(directory);
    for (let i = 0; i < 3; i++)
      await log.append({ value: `record ${i}` }, { producer: { ...PRODUCER, baseSequence: i } });
    log.becomeLeader(4);
    await log.append({ value: 'record 3' }, { producer: { producerId: 12, producerEpoch: 0, baseSequence: 0 } });
  }
  return filesIn(directory);
}

const ACCEPTED = valuesTo(4);

describe('F7: a bit of a producer snapshot is turned over', () => {
  test('whichever it is: the producers are rebuilt from the log, after a clean close and after a crash', async () => {
    const files = await withProducers();
    const name = [...files.keys()].find((key) => key.endsWith('.snapshot')) as string;
    let producers: unknown;
    {
      await using log = await Log.open(placed(files));
      producers = log.producers();
    }
    const bytes = fileOf(files, name);
    for (let place = 0; place < bytes.length * 8; place += 3) {
      const damaged = withFile(files, name, flipped(bytes, Math.floor(place / 8), place % 8));
      for (const options of [{}, unclean(4)]) {
        await using log = await Log.open(placed(damaged), options);
        expect(log.producers(), `byte ${Math.floor(place / 8)}, bit ${place % 8}`).toEqual(producers);
        const again = await log.append({ value: 'record 2' }, { producer: { ...PRODUCER, baseSequence: 2 } });
        expect(again).toMatchObject({ isDuplicate: true, baseOffset: 2 });
      }
    }
  });

  test.each([0, 1, 10, 14, 20, 60])('or it is truncated to %i bytes', async (size) => {
    const files = await withProducers();
    const name = [...files.keys()].find((key) => key.endsWith('.snapshot')) as string;
    const found = await afterFault(withFile(files, name, fileOf(files, name).subarray(0, size)), ACCEPTED, unclean(4));
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: ACCEPTED });
    expect(fileOf(found.files, name)).toEqual(fileOf(files, name));
  });
});

describe('F7: leader-epoch-checkpoint', () => {
  test.each([
    ['garbage', Buffer.from('garbage')],
    ['of a later version', Buffer.from('1\n1\n0 0\n')],
    ['shorter than it says', Buffer.from('0\n2\n0 0\n')],
    ['longer than it says', Buffer.from('0\n1\n0 0\n4 3\n')],
    ['of negative numbers', Buffer.from('0\n1\n-5 -7\n')],
    ['of numbers beyond 2^53', Buffer.from('0\n1\n0 9223372036854775807\n')],
    ['of zeros', Buffer.alloc(12)],
    ['cut within a line', Buffer.from('0\n2\n0 0\n4')],
  ])('that is %s is rebuilt from the log', async (_what, bytes) => {
    const files = await withProducers();
    for (const options of [{}, unclean(4)]) {
      const found = await opened(placed(withFile(files, EPOCHS, bytes)), options);
      expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: ACCEPTED });
      expect(fileOf(found.files, EPOCHS).toString()).toBe(fileOf(files, EPOCHS).toString());
    }
  });

  test('with any bit turned over the log opens, and no record is lost', async () => {
    const files = await withProducers();
    const bytes = fileOf(files, EPOCHS);
    for (let place = 0; place < bytes.length * 8; place++) {
      const at = Math.floor(place / 8);
      const found = await opened(placed(withFile(files, EPOCHS, flipped(bytes, at, place % 8))), unclean(4));
      expect(found, `byte ${at}, bit ${place % 8}`).toMatchObject({ opening: 'ok', appending: 'ok', values: ACCEPTED });
    }
  });
});

/** A partition beside which these files lie. */
function beside(files: Files, names: Readonly<Record<string, string>>): string {
  const directory = scratchPartition();
  mkdirSync(directory);
  for (const [name, bytes] of files) writeFileSync(join(directory, name), bytes);
  for (const [name, text] of Object.entries(names)) writeFileSync(join(dirname(directory), name), text);
  return directory;
}

const CHECKPOINTS = [
  'recovery-point-offset-checkpoint',
  'log-start-offset-checkpoint',
  'replication-offset-checkpoint',
  'cleaner-offset-checkpoint',
];

describe('F7: the checkpoints of a log directory', () => {
  test.each([
    '',
    'garbage',
    '7\n1\nt 0 3\n',
    '0\n2\nt 0 3\n',
    '0\n1\nt 0 -3\n',
    '0\n1\nt 0 99999999999999999999\n',
    '\0\0\0\0',
  ])('that read %j count as none: the whole log is looked at', async (text) => {
    const files = await filled({ batches: 4 });
    const directory = beside(files, Object.fromEntries(CHECKPOINTS.map((name) => [name, text])));
    const found = await opened(directory, { recovery: { clean: false } });
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: valuesTo(8), logStartOffset: 0 });
    using reader = LogReader.open(directory);
    expect(readAll(reader).values).toEqual(valuesTo(8));
  });

  test('a lower recovery point is safe', async () => {
    const files = await filled({ batches: 4 });
    for (const point of [0, 1, 5, 7]) {
      const directory = beside(files, { 'recovery-point-offset-checkpoint': `0\n1\nt 0 ${point}\n` });
      const found = await opened(directory, { recovery: { clean: false } });
      expect(found).toMatchObject({ opening: 'ok', values: valuesTo(8), cuts: [] });
    }
  });

  test('a higher recovery point is cut down to the log end', async () => {
    const files = await filled({ batches: 4 });
    for (const point of [9, 1000, Number.MAX_SAFE_INTEGER]) {
      const directory = beside(files, { 'recovery-point-offset-checkpoint': `0\n1\nt 0 ${point}\n` });
      const log = await Log.open(directory, { recovery: { clean: false } });
      expect([log.logEndOffset, log.status().recoveryPoint], `recovery point ${point}`).toEqual([8, 8]);
      await log.append({ value: 'after' });
      expect(log.status().recoveryPoint).toBe(8);
      await log.close();
    }
  });

  test('a log start above the log end: the log goes on there, and what was is in quarantine', async () => {
    const files = await filled({ batches: 4 });
    const directory = beside(files, { 'log-start-offset-checkpoint': '0\n1\nt 0 100\n' });
    const found = await opened(directory, { recovery: { clean: false } });
    expect(found).toMatchObject({ opening: 'ok', appending: 'ok', values: [], logStartOffset: 100, logEndOffset: 100 });
    expect(found.saved).toEqual(fileOf(files, '00000000000000000000.log'));
  });

  test('a high watermark beyond the log end is the log end', async () => {
    const files = await filled({ batches: 4 });
    const directory = beside(files, { 'replication-offset-checkpoint': '0\n1\nt 0 100\n' });
    await using log = await Log.open(directory, { highWatermark: 'managed' });
    expect(log.highWatermark).toBe(8);
  });
});

describe('F7: partition.metadata, which nothing can be rebuilt from', () => {
  test.each([
    '',
    'garbage',
    'version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAA',
    'version: -1\ntopic_id: MkFrjyEsQY6Gn6pW6KqX3g',
  ])('that reads %j keeps the log from opening, and is named', async (text) => {
    const directory = placed(withFile(await filled({ batches: 2 }), 'partition.metadata', Buffer.from(text)));
    expect(await codeOf(Log.open(directory).then((log) => log.close()))).not.toBe('ok');
    await expect(Log.open(directory)).rejects.toMatchObject({ file: join(directory, 'partition.metadata') });
  });

  test('and a sound one stays as it is', async () => {
    const text = Buffer.from('version: 0\ntopic_id: MkFrjyEsQY6Gn6pW6KqX3g');
    const found = await opened(placed(withFile(await filled({ batches: 2 }), 'partition.metadata', text)), unclean());
    expect(fileOf(found.files, 'partition.metadata')).toEqual(text);
  });
});
