import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Log } from '../../src/index.ts';
import { FIXTURES, jsonLines } from '../support/fixtures.ts';
import { scratchPartition } from '../support/temp.ts';
import { objects, runCli, startCli } from './run-cli.ts';

interface Visible {
  query: string;
  topic: string;
  partition: number;
  visible: [number, number][];
}

const visible = jsonLines<Visible>(readFileSync(join(FIXTURES, 'expected', 'clean-queries.jsonl'), 'utf8')).filter(
  ({ query }) => query === 'read-committed',
);

/** A producer that opens transactions, and ends them. */
function producerOf(log: Log, producerId: number) {
  let baseSequence = 0;
  return {
    async append(value: string): Promise<void> {
      const producer = { producerId, producerEpoch: 0, baseSequence, isTransactional: true };
      baseSequence++;
      await log.append({ value }, { producer });
    },
    async end(result: 'commit' | 'abort'): Promise<void> {
      await log.endTransaction({ producerId, producerEpoch: 0, result });
    },
  };
}

describe('read_committed', () => {
  it.each(visible)(
    'of $topic-$partition gives what a consumer of Kafka sees',
    async ({ topic, partition, ...asked }) => {
      const directory = join(FIXTURES, 'clean', `${topic}-${partition}`);
      const run = await runCli(['read', directory, '--isolation', 'read_committed', '--json']);
      expect(run).toMatchObject({ code: 0, stderr: '' });
      const wanted = asked.visible.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
      expect(objects(run).map(({ offset }) => offset)).toEqual(wanted);
    },
  );

  it('stops at the first open transaction, where read_uncommitted goes on', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    const [one, two] = [producerOf(log, 1), producerOf(log, 2)];
    await one.append('aborted');
    await two.append('open');
    await one.end('abort');
    await log.append({ value: 'plain' });
    await log.close();
    const read = async (...args: string[]): Promise<string> => (await runCli(['read', directory, ...args])).stdout;
    expect(await read()).toBe('aborted\nopen\nplain\n');
    expect(await read('--isolation', 'read_uncommitted')).toBe('aborted\nopen\nplain\n');
    expect(await read('--isolation', 'read_committed')).toBe('');
    expect(await read('--isolation', 'read_committed', '--from', '3')).toBe('');
  });

  it('is followed: records come once they are committed, and never when they are aborted', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append({ value: 'before' });
    const follow = startCli(['read', directory, '--follow', '--isolation', 'read_committed']);
    await follow.lines(1);
    const [one, two] = [producerOf(log, 1), producerOf(log, 2)];
    await one.append('committed');
    await two.append('aborted');
    await two.end('abort');
    await one.end('commit');
    await log.append({ value: 'after' });
    expect(await follow.lines(3)).toEqual(['before', 'committed', 'after']);
    await one.append('never decided');
    await log.append({ value: 'behind it' });
    follow.child.kill('SIGINT');
    expect(await follow.finished).toMatchObject({ code: 0, stdout: 'before\ncommitted\nafter\n', stderr: '' });
    await log.close();
  });
});

it.each([['log_end'], ['READ_COMMITTED'], ['']])('--isolation %j is refused', async (level) => {
  const run = await runCli(['read', scratchPartition(), '--isolation', level]);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: [^\n]*read_uncommitted, read_committed[^\n]*\n$/);
});
