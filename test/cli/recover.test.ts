import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyEdits, type Edit } from '../support/edits.ts';
import { FIXTURES, jsonLines } from '../support/fixtures.ts';
import { letGo, nodeHolder } from '../support/lock-holder.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { objects, runCli, startCli } from './run-cli.ts';

interface Recipe {
  name: string;
  source: string;
  edits: Edit[];
  kafka: { dir: string; logEndOffset: number; segments: { baseOffset: number; size: number }[] };
}

/** Of what is told of a cut. */
interface ToldCut {
  savedTo: string | null;
}

const recipes = jsonLines<Recipe>(readFileSync(join(FIXTURES, 'damage.jsonl'), 'utf8'));
const LOG = '00000000000000000000.log';
const KAFKAS = ['dir', 'logStartOffset', 'logEndOffset', 'segments', 'files'];
/** After a repeated batch Kafka's log end goes back; ours stays, as in test/fidelity/recovery.test.ts. */
const REPEATED_BATCH = '025-duplicate-tail';

/** A damaged copy: the fixtures themselves are never touched. */
function damaged({ source, edits }: Recipe): string {
  const directory = join(scratch(), basename(source));
  cpSync(join(FIXTURES, source), directory, { recursive: true, preserveTimestamps: true });
  applyEdits(directory, edits);
  return directory;
}

function recipe(name: string): Recipe {
  return recipes.find((one) => one.name === name) as Recipe;
}

async function partition(lines: string): Promise<string> {
  const directory = scratchPartition();
  expect((await runCli(['append', directory, '--batch-records', '1'], lines)).code).toBe(0);
  return directory;
}

describe('every damaged partition in one run', () => {
  it('is told with the fields by which Kafka tells of it, and what was cut', async () => {
    const directories = recipes.map(damaged);
    const run = await runCli(['recover', '--json', ...directories]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const lines = objects(run);
    expect(lines).toHaveLength(78);
    for (const [at, { name, kafka }] of recipes.entries()) {
      const { cuts, quarantine, ...left } = lines[at] as unknown as { cuts: ToldCut[]; quarantine: string | null };
      expect(Object.keys(left)).toEqual(KAFKAS);
      if (name === REPEATED_BATCH) expect(left).toMatchObject({ dir: kafka.dir, logEndOffset: 1627 });
      else expect(left, name).toEqual(kafka);
      const saved = cuts.filter(({ savedTo }) => savedTo !== null);
      expect(quarantine, name).toBe(saved.length === 0 ? null : join(directories[at] as string, 'quarantine'));
      for (const cut of cuts) {
        expect(Object.keys(cut)).toEqual(['kind', 'file', 'position', 'bytes', 'offset', 'reason', 'savedTo']);
        if (cut.savedTo !== null) expect(statSync(cut.savedTo).isFile()).toBe(true);
      }
    }
  });
});

describe('a partition', () => {
  it('is told in text too: where it stands, each cut, and where the bytes are', async () => {
    const directory = damaged(recipe('000-truncate-log'));
    const run = await runCli(['recover', `${directory}/`]);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    const [head, cut, ...rest] = run.stdout.split('\n');
    expect(head).toBe(
      `f-zstd-0: log start 0, log end 4189, 5 segments, 390176 bytes; 1 cut, quarantine: ${directory}/quarantine`,
    );
    expect(cut).toMatch(/^ {2}torn-tail at offset 4189: 176 bytes of 0{16}4001\.log from byte 12969 on: /);
    expect(cut).toContain(`; saved to ${directory}/quarantine/`);
    expect(rest).toEqual(['']);
  });

  it('that is whole is left as it is, however often it is given', async () => {
    const directory = damaged({ ...recipe('000-truncate-log'), edits: [] });
    const before = readFileSync(join(directory, LOG));
    const run = await runCli(['recover', '--json', directory, directory]);
    expect(run.code).toBe(0);
    const [first, second, ...rest] = objects(run);
    expect(first).toMatchObject({ dir: 'f-zstd-0', cuts: [], quarantine: null });
    expect(second).toEqual(first);
    expect(rest).toEqual([]);
    expect(readFileSync(join(directory, LOG))).toEqual(before);
    expect(readdirSync(directory)).not.toContain('quarantine');
  });

  it('that was closed clean is checked from its first byte on all the same', async () => {
    const directory = await partition('a\nb\nc\n');
    const path = join(directory, LOG);
    const bytes = readFileSync(path);
    const inSecond = bytes.length / 3 + 65;
    bytes[inSecond] = (bytes[inSecond] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const [told] = objects(await runCli(['recover', '--json', directory]));
    expect(told).toMatchObject({
      logEndOffset: 1,
      cuts: [{ kind: 'hole-in-unsynced-tail', position: bytes.length / 3, bytes: (2 * bytes.length) / 3, offset: 1 }],
    });
  });

  it('is recovered with the log configs that are given', async () => {
    const directory = damaged(recipe('000-truncate-log'));
    const args = ['--config', 'index.interval.bytes=100000'];
    expect((await runCli(['recover', directory, ...args])).code).toBe(0);
    expect(statSync(join(directory, '00000000000000000000.index')).size).toBe(8);
    expect(await runCli(['recover', directory, '--config', 'no.such=1'])).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('a partition that cannot be opened', () => {
  it('has a line with its error, and the others are recovered', async () => {
    const place = scratch();
    const file = join(place, 'file-0');
    writeFileSync(file, '');
    mkdirSync(join(place, 'noname'));
    const good = damaged(recipe('001-flip-log'));
    const run = await runCli(['recover', '--json', join(place, 'gone-0'), file, good, join(place, 'noname')]);
    expect(run).toMatchObject({ code: 2, stderr: 'seglog: 3 of 4 partitions could not be recovered\n' });
    expect(objects(run)).toEqual([
      { dir: 'gone-0', error: { code: 'IO', message: expect.stringContaining(`${place}/gone-0`) } },
      { dir: 'file-0', error: { code: 'IO', message: expect.stringContaining(file) } },
      expect.objectContaining({ dir: 'f-lz4-0', logEndOffset: 2714 }),
      { dir: 'noname', error: { code: 'INVALID_NAME', message: expect.any(String) } },
    ]);
    expect(readdirSync(place).sort()).toEqual(['file-0', 'noname']);
  });

  it('since its bytes are the reason is a finding', async () => {
    const directory = await partition('a\nb\nc\n');
    // The first segment's batches again, as a second segment that begins within the first.
    cpSync(join(directory, LOG), join(directory, '00000000000000000001.log'));
    const run = await runCli(['recover', '--json', directory]);
    expect(run.code).toBe(1);
    expect(objects(run)).toEqual([{ dir: 't-0', error: { code: 'SEGMENTS_OVERLAP', message: expect.any(String) } }]);
  });

  it('since another process has it is left alone', async () => {
    const directory = await partition('a\n');
    truncateSync(join(directory, LOG), 10);
    const holder = await nodeHolder(join(directory, '..'), 'ts');
    expect(holder.answer).toBe('held');
    const run = await runCli(['recover', directory]);
    expect(run.code).toBe(2);
    expect(run.stdout).toMatch(/^t-0: not recovered: LOG_LOCKED: [^\n]+\n$/);
    expect(statSync(join(directory, LOG)).size).toBe(10);
    await letGo(holder);
  });
});

describe('names', () => {
  it('are those of the directories themselves, and steer no terminal', async () => {
    const place = scratch();
    const directory = await partition('a\n');
    symlinkSync(directory, join(place, 'link-7'));
    const bad = join(place, 'x\u001b[2J\u009b-0');
    const run = await runCli(['recover', '--json', join(place, 'link-7'), bad]);
    expect(objects(run).map(({ dir }) => dir)).toEqual(['t-0', 'x\u001b[2J\u009b-0']);
    expect(run.stdout).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    expect((await runCli(['recover', bad])).stdout).toContain('x\\x1b[2J\\x9b-0: not recovered');
  });
});

it('a signal stops it behind the partition that is under way', async () => {
  const directories = recipes.map(damaged);
  const many = [...directories, ...directories, ...directories, ...directories];
  const run = startCli(['recover', '--json', ...many]);
  await run.lines(1);
  run.child.kill('SIGINT');
  const finished = await run.finished;
  const done = objects(finished).length;
  expect(finished.code).toBe(130);
  expect(finished.stderr).toBe(`seglog: stopped after ${done} of ${many.length} partitions\n`);
  expect(done).toBeLessThan(many.length);
  // Each that was begun was closed, too.
  for (const directory of directories.slice(0, done)) expect(readdirSync(directory)).toContain('.seglog_cleanshutdown');
});

it('nothing to recover is a mistake', async () => {
  expect(await runCli(['recover'])).toMatchObject({ code: 2, stdout: '' });
});
