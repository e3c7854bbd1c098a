/** Row F24 of the fault list: who may write to a log directory, between processes and within one. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { defaultEngine } from '../../../src/engine/select.ts';
import { Log, LogReader } from '../../../src/index.ts';
import { firstLine } from '../../support/lock-holder.ts';
import { scratch, scratchPartition } from '../../support/temp.ts';
import { codeOf, readAll } from './partition.ts';

const DIST = new URL('../../../dist/index.js', import.meta.url).href;
const ENGINES = defaultEngine().name === 'native' ? (['native', 'ts'] as const) : (['ts'] as const);

/** Opens the log, appends a record, says how that went, and holds on until the input ends. */
const HOLDER = `
  const { Log } = await import('${DIST}');
  let log;
  try {
    log = await Log.open(process.argv[1]);
    await log.append({ value: 'from the other process' });
    process.stdout.write('held\\n');
  } catch (error) {
    process.stdout.write(error.code + '\\n');
  }
  if (log !== undefined) {
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.on('end', resolve));
    await log.close();
  }
`;

async function holder(directory: string, engine: string): Promise<{ child: ChildProcess; answer: string }> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, SEGLOG_ENGINE: engine },
  });
  return { child, answer: await firstLine(child) };
}

describe.each(ENGINES)('F24: another process, on the %s engine, has the log open', (engine) => {
  test('it is refused by name, also by another path, and read all the same', async () => {
    const directory = scratchPartition();
    const { child, answer } = await holder(directory, engine);
    expect(answer).toBe('held');
    await expect(Log.open(directory)).rejects.toMatchObject({
      ...{ code: 'LOG_LOCKED', file: dirname(directory) },
      action: expect.stringMatching(/./) as string,
    });
    const link = join(scratch(), 'link');
    symlinkSync(dirname(directory), link);
    expect(await codeOf(Log.open(join(link, 't-0')))).toBe('LOG_LOCKED');
    expect(await codeOf(Log.open(join(dirname(directory), 'another-0')))).toBe('LOG_LOCKED');
    using reader = LogReader.open(directory);
    expect(readAll(reader).values).toEqual(['from the other process']);
    const gone = once(child, 'exit');
    child.stdin?.end();
    await gone;
    await using log = await Log.open(directory);
    expect(log.status().recovery, 'closed clean').toBeUndefined();
    expect(readAll(log).values).toEqual(['from the other process']);
  });

  test('and is killed: the lock is free at once, and its records are there', async () => {
    const directory = scratchPartition();
    const { child, answer } = await holder(directory, engine);
    expect(answer).toBe('held');
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
    await using log = await Log.open(directory);
    expect(log.status().recovery).toBeDefined();
    await log.append({ value: 'mine' });
    expect(readAll(log).values).toEqual(['from the other process', 'mine']);
  });

  test('it does not get in while this one is there, and does after', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append({ value: 'mine' });
    expect((await holder(directory, engine)).answer).toBe('LOG_LOCKED');
    await log.append({ value: 'mine, too' });
    await log.close();
    const { child, answer } = await holder(directory, engine);
    expect(answer).toBe('held');
    const gone = once(child, 'exit');
    child.stdin?.end();
    await gone;
    using reader = LogReader.open(directory);
    expect(readAll(reader).values).toEqual(['mine', 'mine, too', 'from the other process']);
  });
});

describe('F24: within one process', () => {
  test('a log is opened for writing once; its neighbours are free', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await expect(Log.open(directory)).rejects.toMatchObject({ code: 'LOG_LOCKED', file: directory });
    const neighbour = await Log.open(join(dirname(directory), 't-1'));
    await log.close();
    expect(await codeOf(Log.open(join(dirname(directory), 't-1')))).toBe('LOG_LOCKED');
    const again = await Log.open(directory);
    await again.close();
    await neighbour.close();
  });

  test('of two that come at once, one gets it', async () => {
    const directory = scratchPartition();
    const opening = [Log.open(directory), Log.open(directory), Log.open(directory)];
    const codes = await Promise.all(opening.map((open) => codeOf(open)));
    expect(codes.sort()).toEqual(['LOG_LOCKED', 'LOG_LOCKED', 'ok']);
    for (const open of await Promise.allSettled(opening)) if (open.status === 'fulfilled') await open.value.close();
    await (await Log.open(directory)).close();
  });

  test('an opening that fails gives the lock back', async () => {
    const directory = scratchPartition();
    await (await Log.open(directory)).close();
    writeFileSync(join(directory, '09223372036854775807.log'), '');
    for (let i = 0; i < 3; i++) expect(await codeOf(Log.open(directory))).toBe('OFFSET_NOT_EXACT');
    const { child, answer } = await holder(join(dirname(directory), 't-1'), ENGINES[0]);
    expect(answer).toBe('held');
    child.kill('SIGKILL');
  });

  test('a lock file that a dead process left says nothing', async () => {
    const directory = scratchPartition();
    writeFileSync(join(dirname(directory), '.lock'), '12345\n');
    await (await Log.open(directory)).close();
    expect(await codeOf(Log.open(directory).then((log) => log.close()))).toBe('ok');
  });
});
