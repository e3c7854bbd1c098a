/** `seglog groups` and `seglog consume --group`, as a user runs them. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { objects, runCli, startCli } from './run-cli.ts';

async function filled(records = 3): Promise<string[]> {
  const directory = scratch();
  await using store = await Store.open(directory);
  await store.createTopic({ name: 't', partitions: 2 });
  for (let n = 0; n < records; n++) await store.partition('t', n % 2).append({ key: 'k', value: `v${n}` });
  return ['--dir', directory];
}

describe('consume --group', () => {
  it('goes on where the group stands, and prints what consume prints', async () => {
    const dir = await filled(4);
    const first = await runCli(['consume', 't', ...dir, '--group', 'g', '--limit', '3']);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    const rest = objects(await runCli(['consume', 't', ...dir, '--group', 'g', '--json', '--bytes', 'utf8']));
    expect(rest).toMatchObject([{ key: 'k', headers: [] }]);
    const printed = new Set([...first.stdout.trim().split('\n'), rest[0]?.value]);
    expect(printed).toEqual(new Set(['v0', 'v1', 'v2', 'v3']));
    expect(await runCli(['consume', 't', ...dir, '--group', 'g'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await runCli(['consume', 't', ...dir])).stdout.trim().split('\n')).toHaveLength(4);
  });

  it('follows until it is interrupted, and has committed what it printed', async () => {
    const dir = await filled(2);
    const running = startCli(['consume', 't', ...dir, '--group', 'g', '--follow']);
    await running.lines(2);
    running.child.kill('SIGINT');
    expect(await running.finished).toMatchObject({ code: 0, stderr: '' });
    expect((await runCli(['consume', 't', ...dir, '--group', 'g'])).stdout).toBe('');
    const [group] = objects(await runCli(['groups', 'describe', 'g', ...dir, '--json']));
    expect(group).toMatchObject({ generation: 4, partitions: [{ lag: 0 }, { lag: 0 }] });
  });

  it('of a new group begins at the end when it is told to', async () => {
    const dir = await filled(2);
    expect((await runCli(['consume', 't', ...dir, '--group', 'g', '--from', 'latest'])).stdout).toBe('');
    expect((await runCli(['consume', 't', ...dir, '--group', 'g'])).stdout).toBe('');
  });

  it.each([[['--from', '0:1']], [['--partition', '0']], [['--from-time', '0']]])('is refused with %j', async (args) => {
    const dir = await filled(0);
    const { code, stderr } = await runCli(['consume', 't', ...dir, '--group', 'g', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('a group knows where it stands')]);
  });
});

describe('groups', () => {
  it('are listed and described beside a store that is open', async () => {
    const dir = await filled();
    await using store = await Store.open(dir[1] ?? '');
    await store.group('simple').commit([{ topic: 't', partition: 0, offset: 1, metadata: 'm' }]);
    expect((await runCli(['groups', 'list', ...dir])).stdout).toBe('simple\n');
    expect(objects(await runCli(['groups', 'list', ...dir, '--json']))).toEqual([
      { groupId: 'simple', kind: 'simple', protocolType: '' },
    ]);
    const { stdout } = await runCli(['groups', 'describe', ...dir]);
    expect(stdout).toMatch(/^group: simple kind: simple generation: 0 coordinator partition: \d+\n/);
    expect(stdout).toMatch(/\n {2}t +0 +1 +2 +1\n$/);
    expect(objects(await runCli(['groups', 'describe', 'simple', ...dir, '--json']))).toMatchObject([
      {
        partitions: [{ topic: 't', partition: 0, committed: 1, logEndOffset: 2, lag: 1, metadata: 'm', problem: null }],
      },
    ]);
    const locked = await runCli(['groups', 'delete', 'simple', ...dir]);
    expect([locked.code, locked.stderr]).toEqual([2, expect.stringContaining('LOG_LOCKED')]);
  });

  it('of a partition that cannot be read are left out, and the exit code tells', async () => {
    const dir = await filled();
    const root = dir[1] ?? '';
    await runCli(['consume', 't', ...dir, '--group', 'one']);
    await runCli(['consume', 't', ...dir, '--group', 'other']);
    const other = objects(await runCli(['groups', 'describe', 'other', ...dir, '--json']));
    const [{ coordinatorPartition }] = other as [{ coordinatorPartition: number }];
    const log = join(root, `__consumer_offsets-${coordinatorPartition}`, '00000000000000000000.log');
    rmSync(log);
    mkdirSync(log);
    for (const command of ['list', 'describe']) {
      const { code, stdout, stderr } = await runCli(['groups', command, ...dir]);
      expect([code, stdout, stderr]).toEqual([1, expect.stringContaining('one'), expect.stringContaining(log)]);
      expect(stdout).not.toContain('other');
    }
  });

  it('are reset only when that is asked for, and deleted', async () => {
    const dir = await filled();
    await runCli(['consume', 't', ...dir, '--group', 'g']);
    const reset = ['groups', 'reset-offsets', 'g', ...dir, '--json'];
    const planned = await runCli([...reset, '--to-earliest']);
    expect(objects(planned)).toEqual([
      { topic: 't', partition: 0, from: 2, offset: 0 },
      { topic: 't', partition: 1, from: 1, offset: 0 },
    ]);
    expect(planned.stderr).toContain('nothing is changed');
    expect((await runCli(['consume', 't', ...dir, '--group', 'g'])).stdout).toBe('');
    const done = await runCli([...reset, '--topic', 't:0', '--shift-by', '-1', '--execute']);
    expect(objects(done)).toEqual([{ topic: 't', partition: 0, from: 2, offset: 1 }]);
    expect((await runCli(['consume', 't', ...dir, '--group', 'g'])).stdout).toBe('v2\n');
    const fresh = await runCli([
      'groups',
      'reset-offsets',
      'new',
      ...dir,
      '--json',
      '--topic',
      't',
      '--by-duration',
      'P1D',
      '--execute',
    ]);
    expect(objects(fresh).map(({ offset }) => offset)).toEqual([0, 0]);
    const late = await runCli([...reset, '--to-datetime', '2999-01-01T00:00:00.000']);
    expect(objects(late).map(({ offset }) => offset)).toEqual([2, 1]);
    expect((await runCli(['groups', 'delete', 'g', ...dir])).code).toBe(0);
    expect((await runCli(['groups', 'list', ...dir])).stdout).toBe('new\n');
    expect((await runCli(['topics', 'list', ...dir])).stdout).toBe('t\n');
    expect((await runCli(['topics', 'list', '--internal', ...dir])).stdout).toBe('__consumer_offsets\nt\n');
  });

  it.each([
    [['delete', 'nobody'], 'GROUP_ID_NOT_FOUND'],
    [['describe', 'nobody'], 'GROUP_ID_NOT_FOUND'],
    [['reset-offsets', 'g'], 'say once where to'],
    [['reset-offsets', 'g', '--to-latest', '--to-earliest'], 'say once where to'],
    [['reset-offsets', 'g', '--to-latest', '--topic', 'nowhere'], 'UNKNOWN_TOPIC_OR_PARTITION'],
    [['reset-offsets', 'g', '--by-duration', 'a day'], 'ISO 8601'],
    [['reset-offsets', 'g', '--to-datetime', 'tomorrow'], 'expected a time'],
    [['reset-offsets', 'g', '--shift-by', '1', '--topic', 't'], 'NO_COMMITTED_OFFSET'],
  ])('%j is refused', async (args, reason) => {
    const dir = await filled(0);
    const { code, stderr } = await runCli(['groups', ...args, ...dir]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });
});
