/**
 * `npm run bench:profile -- append|read|recover|compact|dump|bends [--engine native|ts]`: where the time of a work goes. Writes a flame
 * graph to docs/profiles/WORK-ENGINE.svg, and its line of docs/profiles/README.md.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inProject, say } from '../../scripts/lib/project.mjs';
import { setup } from '../../scripts/setup.mjs';
import { describeVersions } from '../harness/machine.mjs';
import { withScratch } from '../harness/scratch.mjs';
import { flameGraph } from './svg.mjs';
import { withProfile } from './table.mjs';
import { pruned, topSelf, treeOfCpuProfile, treeOfPerf } from './tree.mjs';
import { buildWithNames, mainOf, PLAIN_WORKS, WORKS } from './works.mjs';

const BENT_WORKS = Object.keys(WORKS).filter((work) => !PLAIN_WORKS.includes(work));

const HELP = `usage: npm run bench:profile -- WORK [options]       WORK: ${PLAIN_WORKS.join(', ')}, or all for these
                                                    where curves bend: ${BENT_WORKS.join(', ')}, or bends for these

  --engine E     native or ts (default: both)
  --out DIR      where pictures and table go (default: docs/profiles)
  --no-build     take dist/ as it is
`;
const TOP = 6;
const SAMPLES_A_SECOND = 499;
const MOST_TEXT = 2 ** 29;

/** Runs to the end, or throws what it said. */
function must(command, args, env = {}) {
  const { status, stderr, error } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  if (status !== 0)
    throw new Error(`${path.basename(command)} ended with ${status ?? error?.message}: ${stderr.slice(-300)}`);
}

/** Whether perf is there and may be used by us. */
function canPerf() {
  return spawnSync('perf', ['record', '-o', '/dev/null', 'true'], { stdio: 'ignore' }).status === 0;
}

function byPerf(main, args, engine, scratch) {
  const data = path.join(scratch, 'perf.data');
  const node = [
    process.execPath,
    '--perf-basic-prof-only-functions',
    '--interpreted-frames-native-stack',
    main,
    ...args,
  ];
  must('perf', ['record', '-q', '-F', String(SAMPLES_A_SECOND), '-g', '-o', data, '--', ...node], {
    SEGLOG_ENGINE: engine,
  });
  const show = ['script', '-i', data, '-F', 'comm,ip,sym,dso', '--no-inline'];
  return treeOfPerf(
    execFileSync('perf', show, { encoding: 'utf8', maxBuffer: MOST_TEXT, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

function byNode(main, args, engine, scratch) {
  const place = path.join(scratch, 'profile');
  rmSync(place, { recursive: true, force: true });
  must(process.execPath, ['--cpu-prof', `--cpu-prof-dir=${place}`, main, ...args], { SEGLOG_ENGINE: engine });
  // The largest is the main thread's, or that of the busiest of several alike.
  const [file] = readdirSync(place).sort(
    (a, b) => statSync(path.join(place, b)).size - statSync(path.join(place, a)).size,
  );
  return treeOfCpuProfile(JSON.parse(readFileSync(path.join(place, file), 'utf8')));
}

/** Makes what a work goes over, once for all that go over the same. */
function makeFixture({ fixture }, { scratch, made }) {
  const args = fixture?.(scratch);
  if (args === undefined || made.has(args.join(' '))) return;
  must(process.execPath, args);
  made.add(args.join(' '));
}

function profile(work, engine, context) {
  const { scratch, named, out } = context;
  makeFixture(WORKS[work], context);
  const args = WORKS[work].args(scratch);
  const isPerf = engine === 'native' && named !== undefined;
  const main = mainOf(WORKS[work], isPerf ? named : inProject());
  const tree = (isPerf ? byPerf : byNode)(main, args, engine, scratch);
  const name = `${work}-${engine}`;
  const { commit } = describeVersions();
  const measured = `${isPerf ? 'perf' : 'node --cpu-prof'}, ${new Date().toISOString().slice(0, 10)}, ${commit}`;
  const command = [WORKS[work].script?.at(-1) ?? 'seglog', ...args].join(' ').replaceAll(scratch, 'DIR');
  const table = path.join(out, 'README.md');
  mkdirSync(out, { recursive: true });
  writeFileSync(path.join(out, `${name}.svg`), flameGraph(pruned(tree), `${name}: ${command} (${measured})`));
  const before = existsSync(table) ? readFileSync(table, 'utf8') : undefined;
  writeFileSync(table, withProfile(before, { name, measured, top: topSelf(tree, TOP) }));
  say(`written: ${path.relative(process.cwd(), path.join(out, `${name}.svg`))}`);
}

async function profileAll({ works, engines, out, build }) {
  if (build && !(await setup()).ok) return 1;
  let named;
  if (engines.includes('native')) {
    if (canPerf()) named = await buildWithNames();
    else say('perf is missing, or not allowed here: native code is seen as one frame a call');
  }
  await withScratch(undefined, 'seglog-profile-', (scratch) => {
    const made = new Set();
    for (const work of works) for (const engine of engines) profile(work, engine, { scratch, named, out, made });
  });
  return 0;
}

function readOptions() {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const options = { engine: text, out: text, 'no-build': flag, help: flag };
  const { values, positionals } = parseArgs({ allowPositionals: true, options });
  const groups = { all: PLAIN_WORKS, bends: BENT_WORKS };
  const works = positionals.flatMap((name) => groups[name] ?? name);
  const engines = values.engine === undefined ? ['native', 'ts'] : [values.engine];
  const isKnown = works.length > 0 && works.every((work) => work in WORKS) && ['native', 'ts'].includes(engines[0]);
  if (!isKnown || values.help) return undefined;
  return { works, engines, out: path.resolve(values.out ?? inProject('docs', 'profiles')), build: !values['no-build'] };
}

const options = readOptions();
if (options === undefined) {
  process.stdout.write(HELP);
  process.exitCode = process.argv.includes('--help') ? 0 : 2;
} else process.exitCode = await profileAll(options);
