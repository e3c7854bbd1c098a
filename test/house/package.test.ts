/** What users install: the packed tarball, scripts disabled, in a project of its own; then the addon's package beside it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packMain, packPlatform } from '../../scripts/lib/packages.mjs';
import { npm, run, tool } from '../../scripts/lib/run.mjs';
import { projectRoot } from './project-files.ts';

const PATIENCE_MS = 300_000;
const scratch = mkdtempSync(path.join(tmpdir(), 'seglog-package-'));
const project = path.join(scratch, 'project');
const bin = path.join(project, 'node_modules', 'seglog', 'dist', 'cli', 'main.js');
/** As in a user's shell: nothing that this run of the suite has set may decide. */
const env = { SEGLOG_ENGINE: '', SEGLOG_IO: '' };

const ROUND_TRIP = `
import { Log, engineInfo } from 'seglog';
const log = await Log.open(process.argv[2]);
await log.append([{ key: 'a', value: 'first' }, { key: null, value: 'second' }], { compression: 'lz4' });
const found = [];
for await (const batch of log.read({ from: 0 })) {
  for (const { offset, key, value } of batch.records()) found.push([offset, key && String(key), String(value)]);
}
await log.close();
console.log(JSON.stringify({ engine: engineInfo().engine, found }));
`;

const TYPED = `
import { Log, type AppendResult, engineInfo } from 'seglog';
const log: Log = await Log.open('x', { segmentBytes: 1024 });
const result: AppendResult = await log.append({ value: 'v' });
// @ts-expect-error: an offset is a number
const wrong: string = result.baseOffset;
export const engine: 'native' | 'ts' = engineInfo().engine;
`;

function installs(tarball: string): Promise<{ code: number; output: string }> {
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--loglevel=error'];
  return npm(['install', tarball, '--ignore-scripts', '--omit=optional', '--prefer-offline', ...quiet], {
    cwd: project,
  });
}

async function roundTrip(name: string): Promise<{ engine: string; found: unknown[] }> {
  const script = path.join(project, 'round-trip.mjs');
  const { code, output, stdout } = await tool(script, [path.join(scratch, name)], { cwd: project, env });
  expect(code, output).toBe(0);
  return JSON.parse(stdout) as { engine: string; found: unknown[] };
}

const RECORDS = [
  [0, 'a', 'first'],
  [1, null, 'second'],
];

beforeAll(async () => {
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  writeFileSync(path.join(project, 'round-trip.mjs'), ROUND_TRIP);
  writeFileSync(path.join(project, 'typed.ts'), TYPED);
  const { code, output } = await installs(await packMain(scratch));
  expect(code, output).toBe(0);
}, PATIENCE_MS);

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe(
  'the packed package',
  () => {
    it('runs from its bin, on the TypeScript engine', async () => {
      const { code, output } = await npm(['exec', '--no', '--', 'seglog', '--version'], { cwd: project, env });
      expect(code, output).toBe(0);
      const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as {
        version: string;
      };
      expect(output).toContain(`seglog ${version}`);
      expect(output).toMatch(/engine: ts \(the addon did not load/);
    });

    it('appends and reads as a library', async () => {
      expect(await roundTrip('library-0')).toEqual({ engine: 'ts', found: RECORDS });
    });

    it('appends and reads as a command', async () => {
      const partition = path.join(scratch, 'command-0');
      const append = await run(process.execPath, [bin, 'append', partition, '--json', '--bytes', 'utf8'], {
        env,
        input: '{"key":"a","value":"first"}\n{"key":null,"value":"second"}\n',
      });
      expect(append.code, append.output).toBe(0);
      const read = await run(process.execPath, [bin, 'read', partition, '--json', '--bytes', 'utf8'], { env });
      expect(read.code, read.output).toBe(0);
      const lines = read.stdout.trim().split('\n');
      const records = lines.map((line) => JSON.parse(line) as { offset: number; key: string | null; value: string });
      expect(records.map(({ offset, key, value }) => [offset, key, value])).toEqual(RECORDS);
    });

    it('has types that a strict project compiles against', async () => {
      const tsc = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
      const types = path.join(projectRoot, 'node_modules', '@types');
      const strict = ['--noEmit', '--strict', '--target', 'es2023', '--lib', 'es2023,esnext.disposable'];
      const modules = ['--module', 'nodenext', '--types', 'node', '--typeRoots', types];
      const { code, output } = await tool(tsc, [...strict, ...modules, 'typed.ts'], { cwd: project });
      expect(code, output).toBe(0);
    });

    it('runs on the native engine with the package of the platform beside it', async (context) => {
      const tarball = await packPlatform('linux-x64-gnu', scratch);
      if (tarball === undefined) {
        expect(process.env['SEGLOG_REQUIRE_NATIVE'], 'the addon for linux-x64-gnu is not built').not.toBe('1');
        context.skip('the addon for linux-x64-gnu is not built here');
        return;
      }
      const { code, output } = await installs(tarball);
      expect(code, output).toBe(0);
      expect((await tool(bin, ['--version'], { env })).output).toMatch(/engine: native \(the addon loaded\)/);
      expect(await roundTrip('native-0')).toEqual({ engine: 'native', found: RECORDS });
    });
  },
  PATIENCE_MS,
);
