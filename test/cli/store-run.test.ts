/** `seglog store run`, as a user runs it. */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';
import { Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { objects, type Running, runCli, startCli } from './run-cli.ts';

const QUICK = ['log.initial.task.delay.ms=0', 'log.retention.check.interval.ms=20', 'log.cleaner.backoff.ms=20'];
const CONFIGS = QUICK.flatMap((setting) => ['--config', setting]);
const CLEAN_MARK = '.kafka_cleanshutdown';

/** Three segments of old records in each of two topics: one that is compacted, one that says what the caller says. */
async function filled(config: { retentionMs?: number } = {}): Promise<string> {
  const directory = scratch();
  await using store = await Store.open(directory, { segmentBytes: 100, retentionMs: -1 });
  await store.createTopic({ name: 'events', config: { segmentBytes: 100, ...config } });
  await store.createTopic({
    name: 'users',
    config: { segmentBytes: 100, cleanupPolicy: ['compact'], minCleanableDirtyRatio: 0.01 },
  });
  for (const topic of ['events', 'users']) {
    for (const value of ['1', '2', '3']) {
      await store.partition(topic, 0).append({ key: 'k', value: value.repeat(20), timestamp: 1000 });
    }
  }
  return directory;
}

/** Waits for an event in the output. */
async function until(running: Running, isThere: (output: string) => boolean): Promise<void> {
  while (!isThere(running.stdout() + running.stderr())) {
    if (running.child.exitCode !== null) throw new Error(`ended with ${running.child.exitCode}: ${running.stderr()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

it.each(['SIGINT', 'SIGTERM'] as const)('says by what, deletes and compacts, and stops clean on %s', async (signal) => {
  const directory = await filled({ retentionMs: 60_000 });
  const running = startCli(['store', 'run', '--dir', directory, '--json', ...CONFIGS]);
  await until(running, (text) => text.includes('"retention_deleted"') && text.includes('"compaction_finished"'));
  expect(existsSync(join(directory, CLEAN_MARK))).toBe(false);
  running.child.kill(signal);
  const finished = await running.finished;
  expect(finished.code).toBe(0);
  const events = objects(finished);
  const names = events.map(({ event }) => event);
  expect(names.indexOf('policy')).toBeLessThan(names.indexOf('retention_deleted'));
  expect(names.indexOf('policy')).toBeLessThan(names.indexOf('compaction_finished'));
  expect(events.find(({ event }) => event === 'policy')).toMatchObject({
    name: 'events',
    settings: {
      'retention.ms': { value: '60000', source: 'topic' },
      'retention.bytes': { value: '-1', source: 'default' },
    },
  });
  expect(events.find(({ event }) => event === 'retention_deleted')).toMatchObject({ topic: 'events', byTime: 3 });
  expect(events.find(({ event }) => event === 'compaction_finished')).toMatchObject({ topic: 'users', recordsKept: 1 });
  expect(events.at(-1)).toMatchObject({ event: 'store_closed', clean: true, level: 'info', message: 'store closed' });
  for (const { time } of events) expect(new Date(time as string).toISOString()).toBe(time);
  expect(finished.stderr).toContain('events: cleanup.policy=delete (default) retention.ms=60000 (topic)');
  expect(existsSync(join(directory, CLEAN_MARK))).toBe(true);
});

it('keeps what nobody says is to go, and serves metrics', async () => {
  const directory = await filled();
  const running = startCli(['store', 'run', '--dir', directory, '--metrics', '0', ...CONFIGS]);
  await until(running, (text) => text.includes('metrics for Prometheus: '));
  const url = /http:\S+/.exec(running.stderr())?.[0] ?? '';
  const scraped = async (): Promise<string> => (await fetch(url)).text();
  // The looks of retention are counted.
  while (!/^seglog_retention_seconds_count [1-9]\d/m.test(await scraped())) continue;
  const text = await scraped();
  expect(text).toContain('seglog_log_end_offset{topic="events",partition="0"} 3\n');
  expect(text).toContain('seglog_log_start_offset{topic="events",partition="0"} 0\n');
  expect(text).toContain('seglog_retention_segments_total{topic="events",partition="0",rule="time"} 0\n');
  const answer = await fetch(url, { method: 'HEAD' });
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  expect((await fetch(url.replace('/metrics', '/'))).status).toBe(404);
  running.child.kill('SIGINT');
  const finished = await running.finished;
  expect(finished.code).toBe(0);
  expect(finished.stdout).toMatch(/^\S+Z info events-0 log opened .*segments=3 /m);
  expect(finished.stdout).toMatch(/^\S+Z info store closed clean=true\n$/m);
  expect(finished.stdout).not.toContain('retention');
});

it('deletes by --config what says nothing itself', async () => {
  const directory = await filled();
  const running = startCli(['store', 'run', '--dir', directory, ...CONFIGS, '--config', 'retention.ms=1000']);
  await until(running, (text) => text.includes('segments deleted by retention'));
  running.child.kill('SIGINT');
  const { code, stderr } = await running.finished;
  expect(code).toBe(0);
  expect(stderr).toContain('events: cleanup.policy=delete (default) retention.ms=1000 (--config)');
});

it('exits 1 when a partition was offline', async () => {
  const directory = await filled();
  rmSync(join(directory, 'events-0'), { recursive: true });
  writeFileSync(join(directory, 'events-0'), 'no directory');
  const running = startCli(['store', 'run', '--dir', directory, '--json', ...CONFIGS]);
  await until(running, (text) => text.includes('"event":"policy","name":"users"'));
  running.child.kill('SIGINT');
  const finished = await running.finished;
  expect(finished.code).toBe(1);
  expect(objects(finished).find(({ event }) => event === 'partition_offline')).toMatchObject({
    ...{ topic: 'events', partition: 0, level: 'error' },
    err: { message: expect.any(String) as string },
  });
  expect(readdirSync(directory)).not.toContain(CLEAN_MARK);
});

it('stops clean when nobody reads its output any more', async () => {
  const directory = await filled({ retentionMs: 60_000 });
  const running = startCli(['store', 'run', '--dir', directory, '--json', ...CONFIGS]);
  await until(running, (text) => text.includes('"store_opened"'));
  running.child.stdout.destroy();
  expect((await running.finished).code).toBe(0);
  expect(existsSync(join(directory, CLEAN_MARK))).toBe(true);
});

it.each([
  [['--config', 'retention=1'], 'INVALID_CONFIG'],
  [['--config', 'log.cleaner.threads=x'], 'INVALID_ARGUMENT'],
  [['--config', 'log.cleaner.threads=-1'], 'INVALID_ARGUMENT'],
  [['--metrics', 'x'], 'INVALID_ARGUMENT'],
])('refuses %j with %s, and touches nothing', async (args, code) => {
  const directory = await filled();
  const run = await runCli(['store', 'run', '--dir', directory, ...args]);
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toMatch(new RegExp(`^seglog: ${code}: `));
  expect(readdirSync(directory)).toContain(CLEAN_MARK);
});

it('exits 2 when the port is taken, or another process has the directory', async () => {
  const directory = await filled();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const taken = await runCli(['store', 'run', '--dir', directory, '--metrics', String(port)]);
  await new Promise((resolve) => server.close(resolve));
  expect(taken).toMatchObject({ code: 2, stdout: '' });
  expect(taken.stderr).toMatch(/^seglog: IO: the port \d+ cannot be had/);
  await using store = await Store.open(directory, { periodicCleaning: false });
  expect(store.topics()).toHaveLength(2);
  const locked = await runCli(['store', 'run', '--dir', directory, '--metrics', '0']);
  expect(locked).toMatchObject({ code: 2 });
  expect(locked.stderr).toMatch(/^seglog: LOG_LOCKED: /);
});

const { error: noScript } = spawnSync('script', ['--version'], { encoding: 'utf8' });

it.skipIf(noScript !== undefined)(
  'draws a view over itself on a terminal, and leaves the last one',
  { timeout: 120_000 },
  async () => {
    const directory = await filled();
    const main = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
    const command = [process.execPath, main, 'store', 'run', '--dir', directory, ...CONFIGS].map((part) => `'${part}'`);
    const shell = `stty cols 120 rows 30; exec ${command.join(' ')}`;
    const child = spawn('script', ['-qec', shell, '/dev/null'], { env: { ...process.env, TERM: 'xterm' } });
    onTestFinished(() => void child.kill('SIGKILL'));
    let shown = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      shown += text;
      // Ctrl-C, as the terminal gets it.
      if (!wasStopped && shown.includes('compaction finished') && shown.includes('up 0:00:02')) {
        wasStopped = true;
        child.stdin.write('\x03');
      }
    });
    let wasStopped = false;
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(0);
    const views = shown.split('seglog store run: 1 log directories, 2 topics, 2 partitions').length - 1;
    expect(views).toBeGreaterThan(1);
    // Each but the first is drawn over the one before it.
    expect(shown).toMatch(/\x1b\[(?:\d*A|2K|1A|G|J)/);
    expect(shown).toContain('cleaner threads idle');
    expect(shown.indexOf('events: cleanup.policy=delete')).toBeLessThan(shown.indexOf('last retention'));
    expect(existsSync(join(directory, CLEAN_MARK))).toBe(true);
  },
);
