/** `seglog topics`, `produce`, `consume` and `store status`, as a user runs them. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { objects, runCli, startCli } from './run-cli.ts';

async function topicWith(partitions: number): Promise<string> {
  const directory = scratch();
  await using store = await Store.open(directory);
  await store.createTopic({ name: 't', partitions });
  return directory;
}

describe('topics', () => {
  it('are made, listed, described, altered and deleted', async () => {
    const [a, b] = [scratch(), scratch()];
    const dirs = ['--dir', a, '--dir', b];
    const made = await runCli([
      'topics',
      'create',
      'events',
      ...dirs,
      '--partitions',
      '3',
      '--config',
      'retention.ms=1000',
    ]);
    expect(made).toMatchObject({ code: 0, stdout: '' });
    expect(made.stderr).toMatch(/^seglog: created events with 3 partitions, topic id [\w-]{22}\n$/);
    expect(await runCli(['topics', 'list', ...dirs])).toEqual({ code: 0, stdout: 'events\n', stderr: '' });
    const altered = await runCli([
      ...['topics', 'alter', 'events', ...dirs, '--partitions', '4'],
      ...['--config', 'segment.bytes=2000', '--delete-config', 'retention.ms'],
    ]);
    expect(altered.code).toBe(0);
    expect(objects(await runCli(['topics', 'describe', ...dirs, '--json']))).toMatchObject([
      {
        name: 'events',
        configs: { 'segment.bytes': '2000' },
        partitions: [0, 1, 2, 3].map((partition) => ({ partition, logEndOffset: 0, problem: null })),
        missing: [],
      },
    ]);
    const old = join(b, `old-0.${'0123456789abcdef'.repeat(2)}-delete`);
    mkdirSync(old);
    expect((await runCli(['topics', 'delete', 'events', ...dirs])).code).toBe(0);
    // Somebody may still read them; whoever opens the directories when the delay has passed removes them.
    const left = [...readdirSync(a), ...readdirSync(b)].filter((name) => name.startsWith('events'));
    expect(left).toHaveLength(4);
    for (const name of left) expect(name).toMatch(/^events-\d\.[0-9a-f]{32}-delete$/);
    expect(readdirSync(b)).toContain(basename(old));
    expect((await runCli(['topics', 'list', ...dirs])).stdout).toBe('');
  });

  it.each([
    [['create', 'a/b'], 'INVALID_NAME'],
    [['create', 't'], 'TOPIC_ALREADY_EXISTS'],
    [['create', 'new', '--replication-factor', '3'], 'INVALID_REPLICATION_FACTOR'],
    [['create', 'new', '--config', 'retention=1'], 'INVALID_CONFIG'],
    [['alter', 't', '--partitions', '1'], 'INVALID_PARTITIONS'],
    [['alter', 't', '--delete-config', 'x'], 'INVALID_CONFIG'],
    [['alter', 't'], 'INVALID_ARGUMENT'],
    [['delete', 'no'], 'UNKNOWN_TOPIC_OR_PARTITION'],
    [['describe', 'no'], 'UNKNOWN_TOPIC_OR_PARTITION'],
  ])('refuse %j with %s', async (args, code) => {
    const directory = await topicWith(1);
    const run = await runCli(['topics', ...args, '--dir', directory]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toMatch(new RegExp(`^seglog: ${code}: `));
    expect(readdirSync(directory)).toContain('.kafka_cleanshutdown');
  });

  it('are not changed while a store has the directory, but shown', async () => {
    const directory = await topicWith(1);
    await using store = await Store.open(directory);
    await store.partition('t', 0).append({ value: 'a' });
    expect((await runCli(['topics', 'create', 'u', '--dir', directory])).stderr).toMatch(/^seglog: LOG_LOCKED: /);
    expect((await runCli(['topics', 'describe', 't', '--dir', directory])).stdout).toContain('logEndOffset: 1');
  });
});

describe('produce and consume', () => {
  it('bring lines to partitions by their keys, and back', async () => {
    const directory = await topicWith(3);
    const lines = Array.from({ length: 9 }, (_, i) =>
      JSON.stringify({ key: `k${i % 3}`, value: `v${i}`, timestamp: 5 + i }),
    );
    const produced = await runCli(
      ['produce', 't', '--dir', directory, '--json', '--bytes', 'utf8'],
      `${lines.join('\n')}\n`,
    );
    expect(produced).toMatchObject({ code: 0, stderr: '' });
    const counts = objects(produced).map(({ records }) => records as number);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(9);
    const consumed = objects(await runCli(['consume', 't', '--dir', directory, '--json', '--bytes', 'utf8']));
    const byKey = (key: string): unknown[] => consumed.filter((one) => one['key'] === key).map(({ value }) => value);
    expect(['k0', 'k1', 'k2'].map(byKey)).toEqual([
      ['v0', 'v3', 'v6'],
      ['v1', 'v4', 'v7'],
      ['v2', 'v5', 'v8'],
    ]);
    expect(new Set(consumed.map(({ key, partition }) => `${String(key)} ${String(partition)}`)).size).toBe(3);
  });

  it('go to and come from the partitions and offsets that are asked for', async () => {
    const directory = await topicWith(2);
    const dir = ['--dir', directory];
    const produced = await runCli(['produce', 't', ...dir, '--partition', '1', '--compression', 'lz4'], 'a\nb\nc\n');
    expect(produced).toEqual({ code: 0, stdout: 'partition: 1 baseOffset: 0 lastOffset: 2 records: 3\n', stderr: '' });
    const consume = async (...args: string[]): Promise<string> =>
      (await runCli(['consume', 't', ...dir, ...args])).stdout;
    expect(await consume()).toBe('a\nb\nc\n');
    expect(await consume('--partition', '0')).toBe('');
    expect(await consume('--from', '1:1')).toBe('b\nc\n');
    expect(await consume('--from', '1:1', '--limit', '1')).toBe('b\n');
    expect(await consume('--from', 'latest')).toBe('');
  });

  it('append what came before a bad line, and say what', async () => {
    const directory = await topicWith(1);
    const run = await runCli(['produce', 't', '--dir', directory, '--json', '--bytes', 'utf8'], '{"value":"a"}\nbad\n');
    expect(run).toMatchObject({ code: 2, stdout: '{"partition":0,"baseOffset":0,"lastOffset":0,"records":1}\n' });
    expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: line 2: not JSON/);
  });

  it.each([
    [
      ['--batch-bytes', '100'],
      `ok\n${'x'.repeat(2_000_000)}\nok\n`,
      /^seglog: RECORD_TOO_LARGE: line 2 was not appended: /,
    ],
    [
      ['--partition', '7'],
      'a\nb\n',
      /^seglog: UNKNOWN_TOPIC_OR_PARTITION: (line 1 was|lines 1 to 2 were) not appended: /,
    ],
  ])('name the line that could not be appended: %j', async (args, input, message) => {
    const directory = await topicWith(1);
    const run = await runCli(['produce', 't', '--dir', directory, ...args], input);
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(message);
  });

  it('name the lines of a batch that could not be appended, also among those of other partitions', async () => {
    const directory = scratch();
    {
      await using store = await Store.open(directory);
      await store.createTopic({ name: 't', partitions: 2, config: { cleanupPolicy: ['compact'] } });
    }
    const lines = ['{"key":"a","value":"1"}', '{"value":"2"}', '{"key":"a","value":"3"}', 'bad'];
    const run = await runCli(['produce', 't', '--dir', directory, '--json', '--bytes', 'utf8'], lines.join('\n'));
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /INVALID_RECORD: (line 2 was|lines 1 to 3 were|lines 2 to 3 were|lines 1 to 2 were) not appended: .*; nothing behind line 3 was sent/,
    );
    expect(run.stderr).toMatch(/INVALID_ARGUMENT: line 4: not JSON/);
  });

  it('follow a store that is open elsewhere', async () => {
    const directory = await topicWith(2);
    await using store = await Store.open(directory);
    const following = startCli(['consume', 't', '--dir', directory, '--follow']);
    await store.partition('t', 1).append({ value: 'first' });
    expect(await following.lines(1)).toEqual(['first']);
    await store.partition('t', 0).append({ value: 'second' });
    expect(await following.lines(2)).toEqual(['first', 'second']);
    following.child.kill('SIGINT');
    expect((await following.finished).code).toBe(0);
  });
});

describe('store status', () => {
  it('says what is in the directories, and exits 1 when something is wrong', async () => {
    const directory = await topicWith(2);
    const args = ['store', 'status', '--dir', directory];
    const well = await runCli([...args, '--json']);
    expect(well.code).toBe(0);
    expect(objects(well)).toMatchObject([
      { directories: [{ dir: directory, nodeId: 1, cleanShutdown: true, partitions: 2 }], topics: 1, troubled: [] },
    ]);
    rmSync(join(directory, 't-1'), { recursive: true });
    const missing = await runCli(args);
    expect(missing.code).toBe(1);
    expect(missing.stdout).toContain('problem: t-1: its directory is not here\n');
  });

  it('changes nothing, and names a file that cannot be read', async () => {
    const directory = await topicWith(1);
    const log = join(directory, '__cluster_metadata-0', '00000000000000000000.log');
    const bytes = readFileSync(log);
    writeFileSync(log, bytes.fill(1, 200, 210));
    const before = readdirSync(directory);
    const run = await runCli(['store', 'status', '--dir', directory]);
    expect(run).toMatchObject({ code: 1, stdout: '' });
    expect(run.stderr).toContain('__cluster_metadata-0');
    expect(readdirSync(directory)).toEqual(before);
  });
});
