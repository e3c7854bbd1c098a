/** A directory that somebody has open is known as such, without being touched. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { engineInfo } from '../../src/engine/select.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { liveReason } from '../../src/inspect/live.ts';
import { runCli } from '../cli/run-cli.ts';
import { letGo, nodeHolder } from '../support/lock-holder.ts';
import { scratch } from '../support/temp.ts';

const hasKernelLocks = process.platform === 'linux' && engineInfo().engine === 'native';

it('a directory that nobody has open is not live, nor one that is not there, nor one in memory', () => {
  const directory = scratch();
  expect(liveReason(nodeFileSystem, directory)).toBeUndefined();
  expect(liveReason(nodeFileSystem, join(directory, 'nowhere'))).toBeUndefined();
  expect(liveReason(new MemoryFileSystem(), directory)).toBeUndefined();
  expect(readdirSync(directory)).toEqual([]);
});

describe.skipIf(!hasKernelLocks)('a directory that another process has locked (Linux, native engine)', () => {
  it('is live until it is let go', async () => {
    const directory = scratch();
    const holder = await nodeHolder(directory, 'native');
    expect(holder.answer).toBe('held');
    expect(liveReason(nodeFileSystem, directory)).toMatch(/has .* open: it may change/);
    await letGo(holder);
    expect(liveReason(nodeFileSystem, directory)).toBeUndefined();
  });

  it('is said to be by a dump, once', async () => {
    const directory = scratch();
    for (const name of ['a-0', 'b-0']) mkdirSync(join(directory, name));
    for (const name of ['a-0', 'b-0'])
      execFileSync('sh', ['-c', `: > ${join(directory, name, '00000000000000000000.log')}`]);
    const holder = await nodeHolder(directory, 'native');
    const run = await runCli(['dump', directory]);
    expect(run.code).toBe(0);
    expect(run.stderr.match(/ open: it may change/g)).toHaveLength(1);
    await letGo(holder);
    expect((await runCli(['dump', directory])).stderr).not.toMatch(/may change/);
  });
});
