/**
 * `npm run mutations`: plants the bugs of test/mutations/list.json, one at a time, in a copy of the project, and has the tests
 * fail that are named there. Exit code 1 when one of them is not seen, or does not apply any more.
 *
 *     npm run mutations -- [--only TEXT] [--from N] [--to N] [--engine ts|native] [--list] [--no-baseline] [--result FILE]
 */
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inProject, say, since } from './lib/project.mjs';
import { run } from './lib/run.mjs';

const { values } = parseArgs({
  options: {
    ...{
      only: { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      engine: { type: 'string', default: 'ts' },
    },
    ...{ list: { type: 'boolean' }, 'no-baseline': { type: 'boolean' }, result: { type: 'string' } },
  },
});
const COPY = inProject('.cache', 'mutations', `copy-${process.pid}`);
/** What a mutation or a test may write to, or that names itself by its place; the rest is linked. */
const COPIED = ['src', 'test', 'scripts', 'native', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const LINKED = ['node_modules', 'fixtures', 'dist', 'docs'];

const all = JSON.parse(readFileSync(inProject('test', 'mutations', 'list.json'), 'utf8'));
const wanted = all
  .map((mutation, index) => Object.assign(mutation, { number: index + 1 }))
  .filter(({ name, number }) => name.includes(values.only ?? '') && number >= Number(values.from ?? 1))
  .filter(({ number }) => number <= Number(values.to ?? Infinity));

function makeCopy() {
  rmSync(COPY, { recursive: true, force: true });
  mkdirSync(COPY, { recursive: true });
  const isWanted = (file) => !/[\\/]target$/.test(file);
  for (const name of COPIED) cpSync(inProject(name), path.join(COPY, name), { recursive: true, filter: isWanted });
  for (const name of LINKED) symlinkSync(inProject(name), path.join(COPY, name));
}

/** The file with the bug in it; undefined when the place is not there, or more than once. */
function planted({ file, from, to }) {
  const text = readFileSync(inProject(file), 'utf8');
  const at = text.indexOf(from);
  if (at < 0 || text.indexOf(from, at + 1) >= 0) return undefined;
  return text.slice(0, at) + to + text.slice(at + from.length);
}

/** Whether the tests of a mutation fail, and that of them which did; a test that could not run has seen nothing. */
async function judge({ tests, cargo, engine = values.engine }) {
  if (cargo !== undefined) {
    const target = inProject('.cache', 'mutations', 'target');
    const args = [
      'test',
      '--quiet',
      '--manifest-path',
      path.join(COPY, 'native', 'Cargo.toml'),
      '-p',
      'seglog-core',
      cargo,
    ];
    const { code, output } = await run('cargo', args, { env: { ...process.env, CARGO_TARGET_DIR: target } });
    const failed = /^test (\S+) \.\.\. FAILED|^ {4}(\S+::\S+)$/m.exec(output);
    if (code !== 0 && failed === null) return { state: 'broken', by: output.slice(-1500) };
    return code === 0 ? { state: 'survived' } : { state: 'caught', by: failed?.[1] ?? failed?.[2] };
  }
  const vitest = path.join(COPY, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--root', COPY, '--bail', '1', '--reporter', 'dot', ...tests];
  const env = { ...process.env, SEGLOG_ENGINE: engine, CI: 'true', NO_COLOR: '1' };
  const { code, output } = await run(process.execPath, args, { cwd: COPY, env });
  const failed = /^ *FAIL +(.*)$/m.exec(output)?.[1];
  if (code !== 0 && failed === undefined) return { state: 'broken', by: output.slice(-1500) };
  return code === 0 ? { state: 'survived' } : { state: 'caught', by: failed };
}

/** Files and filters that pass without any bug: what fails there anyway has caught nothing. */
const sound = new Map();

async function failsAnyway({ by }, { cargo, engine }) {
  if (values['no-baseline'] === true) return false;
  const file = cargo ?? by.split(' > ')[0].trim();
  if (!sound.has(file)) {
    const only = cargo === undefined ? { tests: [file], engine } : { cargo };
    sound.set(file, (await judge(only)).state === 'survived');
  }
  return !sound.get(file);
}

const counts = { caught: 0, survived: 0, broken: 0, 'does not apply': 0 };
if (values.list) for (const { number, name, file } of wanted) process.stdout.write(`${number} ${name} (${file})\n`);
else {
  makeCopy();
  for (const mutation of wanted) {
    const started = performance.now();
    const text = planted(mutation);
    let verdict = { state: 'does not apply' };
    if (text !== undefined) {
      writeFileSync(path.join(COPY, mutation.file), text);
      verdict = await judge(mutation);
      cpSync(inProject(mutation.file), path.join(COPY, mutation.file));
      if (verdict.state === 'caught' && (await failsAnyway(verdict, mutation))) verdict.state = 'broken';
    }
    counts[verdict.state]++;
    const by = verdict.by === undefined ? '' : `: ${verdict.by}`;
    process.stdout.write(`${verdict.state}: ${mutation.number} ${mutation.name} (${since(started)})${by}\n`);
  }
  say(JSON.stringify(counts));
  if (values.result !== undefined) {
    const command = 'npm run mutations';
    const date = new Date().toISOString().slice(0, 10);
    const told = { 'planted bugs': wanted.length, caught: counts.caught, survived: counts.survived };
    const result = { name: 'mutations', command, rows: [], engine: 'both', counts: told, date };
    writeFileSync(values.result, `${JSON.stringify(result, null, 2)}\n`);
  }
  rmSync(COPY, { recursive: true, force: true });
  process.exitCode = counts.caught === wanted.length ? 0 : 1;
}
