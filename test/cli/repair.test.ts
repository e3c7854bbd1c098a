import { mkdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contentsOf, copyOf, recipe, segmentFilesOf, treeOf } from '../repair/partitions.ts';
import { letGo, nodeHolder } from '../support/lock-holder.ts';
import { scratch } from '../support/temp.ts';
import { objects, runCli } from './run-cli.ts';

const CONFIG = ['--config', 'segment.index.bytes=102400'];
const NAME = '001-flip-log';
const { kafka } = recipe(NAME);

function damaged(): string {
  const { source, edits } = recipe(NAME);
  return copyOf(source, edits);
}

/** A step of a line in JSON. */
interface Step {
  action: string;
  file: string;
  position: number | null;
  bytes: number;
  kind: string | null;
  reason: string;
}

describe('without a word', () => {
  it('shows what would be done, changes nothing, and exits with 1', async () => {
    const directory = damaged();
    const before = treeOf(dirname(directory));
    const run = await runCli(['repair', directory, ...CONFIG]);
    expect(run).toMatchObject({ code: 1, stderr: '' });
    expect(run.stdout).toMatch(/^f-lz4-0: \d+ steps to do, /);
    expect(run.stdout).toMatch(
      /^ {2}cut {5}00000000000000002564\.log at byte 13935, 103366 bytes \(hole-in-unsynced-tail\): /m,
    );
    expect(run.stdout).not.toContain('quarantine');
    expect(treeOf(dirname(directory))).toEqual(before);
  });

  it('exits with 0 where there is nothing to do, and says the same for --dry-run', async () => {
    const directory = copyOf('clean/f-lz4-0');
    const said = 'f-lz4-0: nothing to repair: log start 0, log end 4000\n';
    for (const flag of [[], ['--dry-run']]) {
      expect(await runCli(['repair', ...flag, directory, ...CONFIG])).toEqual({ code: 0, stdout: said, stderr: '' });
    }
  });
});

describe('with --apply', () => {
  it('repairs, and prints the command that takes it back, which does', async () => {
    // A name that a shell would take apart.
    const there = join(scratch(), "it's a dir");
    mkdirSync(there);
    const directory = join(there, 'f-lz4-0');
    renameSync(damaged(), directory);
    const before = treeOf(directory);
    const run = await runCli(['repair', '--apply', directory, ...CONFIG]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(segmentFilesOf(directory)).toEqual(kafka.files);
    expect(run.stdout).toContain(`seglog repair --undo '${there.replace("'", "'\\''")}/f-lz4-0/quarantine/repair-1'\n`);
    const undone = await runCli(['repair', '--undo', join(directory, 'quarantine', 'repair-1')]);
    expect(undone).toMatchObject({ code: 0, stderr: '' });
    expect(undone.stdout).toMatch(/^f-lz4-0: \d+ files as before the repair\n$/);
    expect(treeOf(directory)).toEqual(before);
  });

  it('takes a log directory for every partition in it, and tells of each in JSON', async () => {
    const directory = damaged();
    const parent = dirname(directory);
    for (const name of ['f-none-0', 'f-snappy-0']) renameSync(copyOf(`clean/${name}`), join(parent, name));
    const run = await runCli(['repair', '--apply', '--json', parent, ...CONFIG]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const [repaired, ...others] = objects(run);
    expect(repaired).toMatchObject({
      ...{ type: 'repair', dir: 'f-lz4-0', path: directory, applied: true, interrupted: null, kept: [], schema: 1 },
      ...{ logStartOffset: kafka.logStartOffset, logEndOffset: kafka.logEndOffset },
      quarantine: join(directory, 'quarantine', 'repair-1'),
      undo: `seglog repair --undo ${join(directory, 'quarantine', 'repair-1')}`,
    });
    const cuts = ((repaired?.['steps'] ?? []) as Step[]).filter(({ action }) => action === 'cut');
    expect(cuts).toEqual([
      {
        action: 'cut',
        file: '00000000000000002564.log',
        position: kafka.segments.at(-1)?.size,
        bytes: expect.any(Number) as number,
        kind: 'hole-in-unsynced-tail',
        reason: expect.stringContaining('checksum') as string,
      },
    ]);
    expect(others.map(({ dir, steps, quarantine }) => ({ dir, steps, quarantine }))).toEqual([
      { dir: 'f-none-0', steps: [], quarantine: null },
      { dir: 'f-snappy-0', steps: [], quarantine: null },
    ]);
  });

  it('excises what it is told to', async () => {
    const directory = damaged();
    const run = await runCli(['repair', '--apply', '--on-corrupt', 'excise', '--json', directory, ...CONFIG]);
    expect(run.code).toBe(0);
    expect(objects(run)[0]).toMatchObject({ logEndOffset: 4000 });
    const again = await runCli(['repair', directory, ...CONFIG]);
    expect(again.code).toBe(0);
  });

  it('leaves damage that it is told to keep, and says so', async () => {
    const directory = damaged();
    const before = contentsOf(directory);
    const run = await runCli(['repair', '--apply', '--on-corrupt', 'keep', directory, ...CONFIG]);
    expect(run.code).toBe(0);
    expect(run.stdout).toMatch(/^ {2}kept {4}00000000000000002564\.log at byte \d+, \d+ bytes: /m);
    expect(contentsOf(directory)).toEqual(before);
  });
});

describe('refuses', () => {
  it.each([
    ['two things at once', ['--apply', '--undo'], 'exclude each other'],
    ['a range that is none', ['--range', 'x'], 'expected FILE:FROM-TO'],
    ['another word for damage', ['--on-corrupt', 'ignore'], 'cut, excise, keep'],
    ['an unknown config', ['--config', 'segment.byte=1'], 'INVALID_CONFIG'],
  ])('%s', async (_, flags, says) => {
    const run = await runCli(['repair', ...flags, copyOf('clean/f-lz4-0')]);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain(says);
  });

  it('a directory that is in use, with exit code 2', async () => {
    const directory = damaged();
    const holder = await nodeHolder(dirname(directory), 'ts');
    expect(holder.answer).toBe('held');
    for (const flags of [[], ['--apply'], ['--json']]) {
      const run = await runCli(['repair', ...flags, directory]);
      expect(run.code).toBe(2);
      expect(run.stdout).toContain('LOG_LOCKED');
    }
    await letGo(holder);
    expect((await runCli(['repair', directory, ...CONFIG])).code).toBe(1);
  });

  it('files, missing directories, and undoing what is no repair', async () => {
    const directory = damaged();
    const before = treeOf(directory);
    const file = join(directory, '00000000000000000000.log');
    expect(await runCli(['repair', file])).toMatchObject({ code: 2, stdout: '' });
    expect((await runCli(['repair', join(directory, 'absent')])).code).toBe(2);
    const undo = await runCli(['repair', '--undo', directory]);
    expect(undo.code).toBe(2);
    expect(undo.stdout).toContain(`${basename(directory)}: not undone: INVALID_ARGUMENT`);
    expect(treeOf(directory)).toEqual(before);
  });
});
