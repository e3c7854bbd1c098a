/**
 * `npm run mutations`: plants the bugs of test/mutations/list.json, one at a time, in a copy of the project, and has the tests
 * fail that are named there. One is caught when a test that ran the code with it failed, by what it looked at (lib/planted.mjs), and
 * does not fail without it. Exit code 1 when one is not caught, or does not apply any more, or none was tried. With a result file
 * what was tried before stays in it.
 *
 *     npm run mutations -- [--only TEXT] [--from N] [--to N] [--engine ts|native] [--list] [--no-baseline] [--result FILE]
 */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { commitNow, readResults, today, writeResults } from './lib/fault-results.mjs';
import { cargoVerdict, LOADED, readReport, TELLS_LOADED, verdictOf } from './lib/planted.mjs';
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
const COPIED = ['src', 'dist', 'test', 'scripts', 'native', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
/** What the bugs are about. */
const ROWS = [
  'F1',
  'F2',
  'F5',
  'F6',
  'F8',
  'F9',
  'F11',
  'F12',
  'F14',
  'F15',
  'F16',
  'F17',
  'F21',
  'F22',
  'F24',
  'F26',
  'F29',
  'F30',
];
const LINKED = ['node_modules', 'fixtures', 'docs'];

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

/** A bug may have a test go on for ever. */
const MOST_MS = 15 * 60_000;
const REPORT = path.join(COPY, 'report.json');
const SAID = path.join(COPY, 'loaded');

/** Whether the tests of a mutation see it, and which does. */
async function judge({ tests, cargo, engine = values.engine }) {
  if (cargo !== undefined) {
    const target = inProject('.cache', 'mutations', 'target');
    const manifest = path.join(COPY, 'native', 'Cargo.toml');
    const args = ['test', '--manifest-path', manifest, '-p', 'seglog-core', cargo];
    const env = { CARGO_TARGET_DIR: target, CARGO_TERM_COLOR: 'never' };
    const { code, output } = await run('cargo', args, { env, timeoutMs: MOST_MS });
    return cargoVerdict(code, output);
  }
  for (const file of [REPORT, SAID]) rmSync(file, { force: true });
  const vitest = path.join(COPY, 'node_modules', 'vitest', 'vitest.mjs');
  const reporter = ['--reporter', 'json', '--outputFile', REPORT];
  const env = { SEGLOG_ENGINE: engine, CI: 'true', NO_COLOR: '1', [LOADED]: SAID };
  const args = [vitest, 'run', '--root', COPY, '--bail', '1', ...reporter, ...tests];
  const { code, output } = await run(process.execPath, args, { cwd: COPY, env, timeoutMs: MOST_MS });
  const report = readReport(REPORT);
  const verdict = verdictOf(report, existsSync(SAID));
  return report === undefined
    ? { ...verdict, by: `${verdict.by} (exit code ${code}): ${output.slice(-1000)}` }
    : verdict;
}

/** Files and filters that pass without any bug: what fails there anyway has caught nothing. */
const sound = new Map();

async function failsAnyway({ file, tests, cargo, engine }) {
  if (values['no-baseline'] === true) return false;
  const key = cargo ?? `${engine} ${tests.join(' ')}`;
  if (!sound.has(key)) {
    // As it is, but for the line by which it says that it was loaded.
    if (cargo === undefined) writeFileSync(path.join(COPY, file), readFileSync(inProject(file), 'utf8') + TELLS_LOADED);
    sound.set(key, (await judge({ tests, cargo, engine })).state === 'survived');
    cpSync(inProject(file), path.join(COPY, file));
  }
  return !sound.get(key);
}

/** What is known of all in the list: of those that were not tried now, what the file says. */
function allResults(tried) {
  const before = values.result === undefined ? [] : (readResults(values.result)[0]?.mutations ?? []);
  const known = new Map([...before, ...tried].map((one) => [one.name, one]));
  return all.flatMap(({ name }) => known.get(name) ?? []);
}

function keepResults(tried) {
  const mutations = allResults(tried);
  const count = (state) => mutations.filter((one) => one.state === state).length;
  const told = { 'planted bugs': mutations.length, caught: count('caught'), survived: count('survived') };
  const commits = [...new Set(mutations.map(({ commit }) => commit))];
  writeResults(values.result, {
    ...{ name: 'mutations', command: 'npm run mutations', rows: ROWS, engine: 'both', counts: told, date: today() },
    ...{ commits: [commits[0], commits.at(-1)].filter((one, at, both) => both.indexOf(one) === at), mutations },
  });
}

const counts = { caught: 0, survived: 0, broken: 0, 'does not apply': 0 };
if (values.list) for (const { number, name, file } of wanted) process.stdout.write(`${number} ${name} (${file})\n`);
else {
  makeCopy();
  const tried = [];
  for (const mutation of wanted) {
    const started = performance.now();
    const text = planted(mutation);
    let verdict = { state: 'does not apply' };
    if (text !== undefined) {
      writeFileSync(path.join(COPY, mutation.file), mutation.cargo === undefined ? text + TELLS_LOADED : text);
      verdict = await judge(mutation);
      cpSync(inProject(mutation.file), path.join(COPY, mutation.file));
      if (verdict.state === 'caught' && (await failsAnyway(mutation))) {
        verdict = { state: 'broken', by: 'its tests fail without it' };
      }
    }
    counts[verdict.state]++;
    const { number, name } = mutation;
    tried.push({ name, ...verdict, commit: commitNow() });
    const by = verdict.by === undefined ? '' : `: ${verdict.by}`;
    process.stdout.write(`${verdict.state}: ${number} ${name} (${since(started)})${by}\n`);
    if (values.result !== undefined) keepResults(tried);
  }
  say(JSON.stringify(counts));
  rmSync(COPY, { recursive: true, force: true });
  if (wanted.length === 0) say('FAILED: nothing in the list is asked for');
  process.exitCode = wanted.length > 0 && counts.caught === wanted.length ? 0 : 1;
}
