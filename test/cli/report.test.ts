import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ReportModel } from '../../src/report/contract.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';
import { bytesOf } from './changes.ts';
import { runCli } from './run-cli.ts';

const CLEAN = join(FIXTURES, 'clean');
const INDEX = '00000000000000000000.index';

function copied(partition: string): string {
  const directory = join(scratch(), basename(partition));
  cpSync(join(CLEAN, partition), directory, { recursive: true });
  return directory;
}

/** The data in a page. */
function modelOf(file: string): ReportModel {
  const html = readFileSync(file, 'utf8');
  const json = /<script type="application\/json" id="model">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
  return JSON.parse(json) as ReportModel;
}

describe('seglog report', () => {
  it('writes one page of a clean directory, tells its size, and exits with 0', async () => {
    const file = join(scratch(), 'report.html');
    const run = await runCli(['report', CLEAN, '-o', file]);
    expect(run).toMatchObject({ code: 0, stdout: '' });
    expect(run.stderr).toMatch(/report\.html: [\d.]+ kB\n/);
    expect(run.stderr).toMatch(/0 errors, 0 warnings, 0 info\n$/);
    expect(readFileSync(file).length).toBeLessThan(1_000_000);
    expect(modelOf(file).totals.records).toBeGreaterThan(70_000);
    expect(existsSync(`${file}.tmp`)).toBe(false);
  });

  it('says the same with any number of threads', async () => {
    const [alone, threaded] = [join(scratch(), 'a.html'), join(scratch(), 'b.html')];
    const at = ['--at', '2026-11-22T00:00:00Z'];
    expect((await runCli(['report', CLEAN, '-o', alone, '--threads', '0', ...at])).code).toBe(0);
    expect((await runCli(['report', CLEAN, '-o', threaded, '--threads', '2', ...at])).code).toBe(0);
    // Speeds and the moment of making are the machine's.
    const told = (file: string): unknown => ({ ...modelOf(file), whatIf: null, madeMs: 0 });
    expect(told(threaded)).toEqual(told(alone));
  });

  it('exits with 1 when something was found, and the page has it', async () => {
    const directory = copied('f-lz4-0');
    rmSync(join(directory, INDEX));
    const file = join(scratch(), 'report.html');
    const run = await runCli(['report', directory, '-o', file]);
    expect(run.code).toBe(1);
    expect(modelOf(file).findings.rows.map(({ code }) => code)).toEqual(['INDEX_MISSING']);
  });

  it('takes the moment and the settings that explanations go by, and the size of the sample', async () => {
    const file = join(scratch(), 'report.html');
    const settings = join(scratch(), 'topic.properties');
    writeFileSync(settings, 'retention.ms=5\nsegment.ms=77000\n');
    const args = ['--at', '2030-01-01', '--config', 'retention.ms=1000', '--config-file', settings, '--records', '12'];
    expect((await runCli(['report', join(CLEAN, 'f-none-0'), '-o', file, ...args])).code).toBe(0);
    const { nowMs, details } = modelOf(file);
    expect(nowMs).toBe(Date.UTC(2030, 0, 1));
    expect(details[0]?.sample.records.length).toBe(12);
    const config = details[0]?.explained.flatMap((one) => ('config' in one ? one.config : [])) ?? [];
    expect(config).toContainEqual(['retention.ms', '1000']);
    expect(config).toContainEqual(['segment.ms', '77000']);
  });

  it('changes nothing in what it looks at', async () => {
    const directory = copied('f-none-0');
    const before = bytesOf(directory);
    await runCli(['report', directory, '-o', join(scratch(), 'report.html')]);
    expect(bytesOf(directory)).toEqual(before);
  });

  it('takes the place of an older page, whole', async () => {
    const file = join(scratch(), 'report.html');
    writeFileSync(file, 'x'.repeat(3_000_000));
    expect((await runCli(['report', join(CLEAN, 'f-deleted-0'), '-o', file])).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>[^]*<\/html>\n$/);
  });
});

describe('the place of the page', () => {
  it('is not in the directory that it tells of, also by way of a link', async () => {
    const root = join(scratch(), 'logs');
    cpSync(CLEAN, root, { recursive: true });
    const link = join(scratch(), 'link');
    symlinkSync(root, link);
    for (const [target, output] of [
      [root, join(root, 'report.html')],
      [root, join(root, 'f-none-0', 'report.html')],
      [root, join(link, 'report.html')],
      [join(link, 'f-none-0'), join(root, 'f-none-0', 'report.html')],
      // Beside its partition, and so in the log directory.
      [join(root, 'f-none-0'), join(root, 'report.html')],
      // In one of its neighbours.
      [join(root, 'f-none-0'), join(root, 'f-lz4-0', 'report.html')],
    ] as const) {
      const before = readdirSync(root);
      const run = await runCli(['report', target, '-o', output]);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toMatch(/^seglog: INVALID_ARGUMENT: .*would lie in the log directory/);
      expect(readdirSync(root)).toEqual(before);
    }
  });

  it('may be beside a partition that lies alone', async () => {
    const directory = copied('f-deleted-0');
    const file = join(directory, '..', 'report.html');
    expect((await runCli(['report', directory, '-o', file])).code).toBe(0);
    expect(existsSync(file)).toBe(true);
  });
});

describe('what goes wrong', () => {
  it('with usage is exit code 2, and no page', async () => {
    const folder = scratch();
    mkdirSync(join(folder, 'empty'));
    const file = join(folder, 'report.html');
    for (const args of [
      ['report', CLEAN],
      ['report', '-o', file],
      ['report', join(CLEAN, 'f-none-0', INDEX), '-o', file],
      ['report', join(folder, 'missing'), '-o', file],
      ['report', join(folder, 'empty'), '-o', file],
      ['report', CLEAN, '-o', folder],
      ['report', CLEAN, '-o', join(folder, 'missing', 'report.html')],
      ['report', CLEAN, '-o', file, '--records', 'many'],
      ['report', CLEAN, '-o', file, '--config', 'no.such=1'],
    ]) {
      const run = await runCli(args);
      expect([args.at(-1), run.code, run.stdout]).toEqual([args.at(-1), 2, '']);
      expect(run.stderr).toMatch(/^seglog: [A-Z_]+: /);
    }
    expect(readdirSync(folder)).toEqual(['empty']);
  });
});
