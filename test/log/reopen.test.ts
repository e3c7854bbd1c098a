import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log, LogReader } from '../../src/index.ts';
import { scratch, scratchPartition } from '../support/temp.ts';

const FIRST = '00000000000000000000';

async function filled(directory: string, records = 10): Promise<void> {
  await using log = await Log.open(directory, { indexIntervalBytes: 100 });
  for (let i = 0; i < records; i++) await log.append({ value: `record ${i}`, timestamp: 1000 + i });
}

/** The directory as a process leaves it that dies: a copy made while the log is open. */
async function killed(records: number): Promise<string> {
  const directory = scratchPartition();
  const copy = scratchPartition();
  await using log = await Log.open(directory, { indexIntervalBytes: 100 });
  for (let i = 0; i < records; i++) await log.append({ value: `record ${i}`, timestamp: 1000 + i });
  cpSync(directory, copy, { recursive: true });
  return copy;
}

function valuesOf(log: Log | LogReader): (string | undefined)[] {
  return [...log.readSync()].flatMap((batch) => batch.records().map(({ value }) => value?.toString()));
}

const numbered = (count: number): string[] => Array.from({ length: count }, (_, i) => `record ${i}`);

describe('after a process that died', () => {
  test('all that was appended is there, and the indexes are as after a clean close', async () => {
    const directory = await killed(10);
    const clean = scratchPartition();
    await filled(clean);
    {
      await using log = await Log.open(directory, { indexIntervalBytes: 100 });
      expect(valuesOf(log)).toEqual(numbered(10));
      expect(log.status().recovery).toMatchObject({ cutBytes: 0, quarantine: undefined });
    }
    for (const suffix of ['.log', '.index', '.timeindex']) {
      expect(
        readFileSync(join(directory, FIRST + suffix)).equals(readFileSync(join(clean, FIRST + suffix))),
        suffix,
      ).toBe(true);
    }
  });

  test.each([1, 11, 12, 60, 61, 62, 65])(
    'a batch of which the last %i bytes are missing goes to quarantine, and appending goes on',
    async (missing) => {
      const directory = await killed(3);
      const path = join(directory, `${FIRST}.log`);
      const size = 3 * 76;
      truncateSync(path, size);
      const bytes = readFileSync(path);
      truncateSync(path, size - missing);
      await using log = await Log.open(directory);
      expect(valuesOf(log)).toEqual(numbered(2));
      const { recovery } = log.status();
      expect(recovery?.cutBytes).toBe(76 - missing);
      expect(readFileSync(recovery?.cuts[0]?.savedTo ?? '')).toEqual(bytes.subarray(2 * 76, size - missing));
      await log.append({ value: 'record 2' });
      expect(valuesOf(log)).toEqual(numbered(3));
    },
  );

  test('a zero tail is the end of the data, and no loss', async () => {
    const directory = await killed(3);
    truncateSync(join(directory, `${FIRST}.log`), 3 * 76 + 100_000);
    await using log = await Log.open(directory);
    expect(valuesOf(log)).toEqual(numbered(3));
    expect(log.status().recovery).toMatchObject({ cutBytes: 0, quarantine: undefined });
    expect(existsSync(join(directory, 'quarantine'))).toBe(false);
  });

  test('a flipped bit cuts from its batch on, and says which and why', async () => {
    const directory = await killed(5);
    const path = join(directory, `${FIRST}.log`);
    const bytes = readFileSync(path);
    bytes[2 * 76 + 70] = (bytes[2 * 76 + 70] ?? 0) ^ 0x10;
    writeFileSync(path, bytes);
    await using log = await Log.open(directory);
    expect(valuesOf(log)).toEqual(numbered(2));
    expect(log.status().recovery?.reason).toMatch(/checksum.*at byte 152/);
  });

  test('indexes of zeros, of garbage and of the wrong length cost a scan, not a record', async () => {
    for (const damage of [Buffer.alloc(4096), Buffer.alloc(4096, 0xa5), Buffer.from('odd')]) {
      const directory = await killed(10);
      writeFileSync(join(directory, `${FIRST}.index`), damage);
      writeFileSync(join(directory, `${FIRST}.timeindex`), damage);
      using reader = LogReader.open(directory);
      expect(valuesOf(reader)).toEqual(numbered(10));
      expect(reader.offsetForTimestamp(1005)).toEqual({ offset: 5, timestamp: 1005 });
      await using log = await Log.open(directory);
      expect(valuesOf(log)).toEqual(numbered(10));
      expect(log.offsetForTimestamp(1005)).toEqual({ offset: 5, timestamp: 1005 });
    }
  });
});

describe('flushing', () => {
  test('goes on while segments roll, and covers all that was appended before it was asked for', async () => {
    await using log = await Log.open(scratchPartition(), { segmentBytes: 300 });
    for (let round = 0; round < 30; round++) {
      for (let i = 0; i < 6; i++) log.appendSync({ value: `round ${round} record ${i}` });
      const end = log.logEndOffset;
      const flushed = log.flush();
      await Promise.resolve();
      for (let i = 0; i < 6; i++) log.appendSync({ value: `meanwhile ${i}` });
      await flushed;
      expect(log.status().recoveryPoint).toBeGreaterThanOrEqual(end);
    }
    const end = log.logEndOffset;
    await Promise.all([log.flush(), log.flush(), log.flush()]);
    expect(log.status().recoveryPoint).toBe(end);
  });
});

describe('a second opening for writing in one process', () => {
  test('is refused, and possible after the first is closed', async () => {
    const directory = scratchPartition();
    const first = await Log.open(directory);
    await expect(Log.open(directory)).rejects.toMatchObject({ code: 'LOG_LOCKED' });
    await first.append({ value: 'still open' });
    await first.close();
    await using again = await Log.open(directory);
    expect(again.logEndOffset).toBe(1);
  });
});

describe('after a clean close', () => {
  test('missing indexes are built anew', async () => {
    const directory = scratchPartition();
    await filled(directory);
    const before = readFileSync(join(directory, `${FIRST}.index`));
    rmSync(join(directory, `${FIRST}.index`));
    rmSync(join(directory, `${FIRST}.timeindex`));
    await (await Log.open(directory, { indexIntervalBytes: 100 })).close();
    expect(readFileSync(join(directory, `${FIRST}.index`)).equals(before)).toBe(true);
  });

  test('a log that is not as its mark says is scanned', async () => {
    const directory = scratchPartition();
    await filled(directory);
    appendFileSync(join(directory, `${FIRST}.log`), 'garbage');
    await using log = await Log.open(directory);
    expect(log.status().recovery?.cutBytes).toBe(7);
    expect(valuesOf(log)).toEqual(numbered(10));
  });

  test('a reader changes nothing', async () => {
    const directory = scratchPartition();
    await filled(directory);
    const before = readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mtimeMs]);
    using reader = LogReader.open(directory);
    expect(valuesOf(reader)).toEqual(numbered(10));
    expect(readdirSync(directory).map((name) => [name, statSync(join(directory, name)).mtimeMs])).toEqual(before);
  });
});

describe('in the log directory of a Kafka broker', () => {
  function brokerDirectory(): { parent: string; partition: string } {
    const parent = scratch();
    writeFileSync(join(parent, '.kafka_cleanshutdown'), '{"version":0,"brokerEpoch":5}');
    writeFileSync(join(parent, 'recovery-point-offset-checkpoint'), '0\n2\nother 0 77\nt 0 1\n');
    writeFileSync(join(parent, 'replication-offset-checkpoint'), '0\n1\nother 0 78\n');
    const partition = join(parent, 't-0');
    mkdirSync(partition);
    return { parent, partition };
  }

  test('the mark of a clean shutdown is gone while a log is open, and back after the last clean close', async () => {
    const { parent, partition } = brokerDirectory();
    const mark = join(parent, '.kafka_cleanshutdown');
    const first = await Log.open(partition);
    expect(existsSync(mark)).toBe(false);
    const second = await Log.open(join(parent, 't-1'));
    await first.close();
    expect(existsSync(mark)).toBe(false);
    await second.close();
    expect(readFileSync(mark, 'utf8')).toBe('{"version":0,"brokerEpoch":5}');
  });

  test('a mark that was not there is not made', async () => {
    const partition = scratchPartition();
    await filled(partition);
    expect(readdirSync(dirname(partition))).not.toContain('.kafka_cleanshutdown');
  });

  test('closing changes our own line in the checkpoints that are there, and no other', async () => {
    const { parent, partition } = brokerDirectory();
    await filled(partition);
    expect(readFileSync(join(parent, 'recovery-point-offset-checkpoint'), 'utf8')).toBe('0\n2\nother 0 77\nt 0 10\n');
    expect(readFileSync(join(parent, 'replication-offset-checkpoint'), 'utf8')).toBe('0\n2\nother 0 78\nt 0 10\n');
    expect(existsSync(join(parent, 'log-start-offset-checkpoint'))).toBe(false);
  });

  test('the checkpointed log start is honoured, in the middle of a batch too', async () => {
    const { parent, partition } = brokerDirectory();
    {
      await using log = await Log.open(partition);
      for (let i = 0; i < 5; i++) await log.append([{ value: `${i}a` }, { value: `${i}b` }]);
    }
    writeFileSync(join(parent, 'log-start-offset-checkpoint'), '0\n1\nt 0 5\n');
    using reader = LogReader.open(partition);
    expect([reader.logStartOffset, reader.logEndOffset]).toEqual([5, 10]);
    await using log = await Log.open(partition);
    expect(log.logStartOffset).toBe(5);
    expect([...log.readSync()][0]?.baseOffset).toBe(4);
    expect(() => log.find(4)).toThrow(/no such offset/);
  });

  test('a checkpoint that cannot be read counts as empty, as in Kafka, and is kept beside the new one', async () => {
    const { parent, partition } = brokerDirectory();
    writeFileSync(join(parent, 'recovery-point-offset-checkpoint'), 'nonsense');
    await filled(partition, 2);
    expect(readFileSync(join(parent, 'recovery-point-offset-checkpoint.unreadable'), 'utf8')).toBe('nonsense');
    expect(readFileSync(join(parent, 'recovery-point-offset-checkpoint'), 'utf8')).toBe('0\n1\nt 0 2\n');
    expect(existsSync(join(parent, '.kafka_cleanshutdown'))).toBe(true);
  });

  test('an unreadable checkpoint counts as none, and a reader is told', async () => {
    const { parent, partition } = brokerDirectory();
    await filled(partition, 2);
    writeFileSync(join(parent, 'log-start-offset-checkpoint'), 'nonsense');
    const warnings: string[] = [];
    using reader = LogReader.open(partition, { onWarning: (warning) => warnings.push(warning) });
    expect(reader.logStartOffset).toBe(0);
    expect(warnings.join()).toMatch(/log-start-offset-checkpoint/);
  });
});
