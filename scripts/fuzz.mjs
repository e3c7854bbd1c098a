/**
 * `npm run fuzz -- --target all --minutes 1`: has libFuzzer call the targets of native/fuzz, two at a time, for so many
 * minutes each, and prints what was run. An input that breaks something is kept in fixtures/fuzz/found/<target>, where the
 * Rust test `found_inputs` replays it. Needs cargo and cargo-fuzz (`cargo install cargo-fuzz`), and a C++ compiler.
 *
 * What inputs libFuzzer finds worth keeping stays in native/target/fuzz/corpus: the next run goes on from there.
 * `--seed N` has the mutations come again, as far as time allows; `--replay FILE` runs a target on one input.
 */
import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { inProject, since } from './lib/project.mjs';
import { lastLines, run } from './lib/run.mjs';

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'all' },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    replay: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
  },
});
const RUN = inProject('native', 'fuzz', 'run');
const BUILT = inProject('native', 'target', 'fuzz');
const known = readdirSync(path.join(RUN, 'fuzz_targets')).map((file) => path.basename(file, '.rs'));
const targets = values.target === 'all' ? known : values.target.split(',');
const unknown = targets.filter((target) => !known.includes(target));
const seconds = Math.round(Number(values.minutes) * 60);
if (unknown.length > 0 || !(seconds > 0)) {
  console.error(`--target is all, or some of ${known.join(',')}; --minutes is a number above 0`);
  process.exit(2);
}

/** libFuzzer's flags are rustc's unstable ones, which RUSTC_BOOTSTRAP allows on the toolchain that builds the addon. */
const unstable = {
  RUSTC_BOOTSTRAP: '1',
  // The C libraries are compiled for AddressSanitizer too. Some versions of gcc poison static variables of a scope.
  CFLAGS: '-fno-sanitize-address-use-after-scope',
};

async function build() {
  const args = ['fuzz', 'build', '--fuzz-dir', RUN, '--target-dir', BUILT];
  const { code } = await run('cargo', args, { env: unstable, show: true });
  if (code === 0) return true;
  console.error('the targets were not built (is cargo-fuzz there? cargo install cargo-fuzz)');
  return false;
}

/** Where cargo put a target's program: a folder named after the processor and system. */
function programOf(target) {
  const folder = readdirSync(BUILT, { withFileTypes: true }).find(
    (entry) => entry.isDirectory() && entry.name.split('-').length > 2,
  );
  return path.join(BUILT, folder?.name ?? '', 'release', target);
}

/** Folders are made before libFuzzer asks for them; it writes to the first one. */
function corporaOf(target) {
  const corpus = path.join(BUILT, 'corpus', target);
  const crashes = path.join(BUILT, 'crashes', target);
  for (const folder of [corpus, crashes]) mkdirSync(folder, { recursive: true });
  return { corpus, crashes, seeds: inProject('fixtures', 'fuzz', 'seeds', target) };
}

/** What broke something goes to where a test replays it; one that cannot (too slow, too much memory) does, too. */
function keepFound(target, crashes) {
  const found = readdirSync(crashes).filter((name) => !name.startsWith('slow-unit'));
  const kept = inProject('fixtures', 'fuzz', 'found', target);
  if (found.length > 0) mkdirSync(kept, { recursive: true });
  for (const name of found) copyFileSync(path.join(crashes, name), path.join(kept, name));
  return found;
}

/** A run takes well under a second; but the whole process may stand still while others are measured. */
const LIMITS = ['-timeout=120', '-rss_limit_mb=1024', '-malloc_limit_mb=256'];

async function fuzz(target) {
  const { corpus, crashes, seeds } = corporaOf(target);
  const start = performance.now();
  const { code, output } = await run(programOf(target), [
    corpus,
    seeds,
    `-artifact_prefix=${crashes}${path.sep}`,
    `-max_total_time=${seconds}`,
    `-max_len=${target === 'recovery_split' ? 40_000 : 8192}`,
    `-len_control=0`,
    '-print_final_stats=1',
    ...(values.seed === undefined ? [] : [`-seed=${values.seed}`]),
    ...LIMITS,
  ]);
  const found = keepFound(target, crashes);
  const last = (pattern) => [...output.matchAll(pattern)].at(-1)?.[1] ?? '?';
  const runs = last(/stat::number_of_executed_units:\s+(\d+)/gu);
  const row = { target, runs, coverage: last(/\bcov: (\d+)/gu), features: last(/\bft: (\d+)/gu), found: found.length };
  console.log(
    `${target}: ${runs} runs in ${since(start)}, coverage ${row.coverage}, features ${row.features}, crashes ${found.length}`,
  );
  if (code !== 0) console.log(lastLines(output, 40));
  return { ...row, code };
}

/** Two at a time. */
async function fuzzAll() {
  const rows = [];
  const queue = [...targets];
  const work = async () => {
    for (let target = queue.shift(); target !== undefined; target = queue.shift()) rows.push(await fuzz(target));
  };
  await Promise.all([work(), work()]);
  return rows;
}

if (!values['no-build'] && !(await build())) process.exit(1);
if (values.replay === undefined) {
  const rows = await fuzzAll();
  const runs = rows.reduce((sum, row) => sum + (Number(row.runs) || 0), 0);
  const failed = rows.filter(({ code }) => code !== 0);
  console.log(`${rows.length} targets, ${runs} runs, ${failed.length} failed`);
  process.exitCode = failed.length === 0 ? 0 : 1;
} else {
  const { code } = await run(programOf(targets[0]), [values.replay, ...LIMITS], { show: true });
  process.exitCode = code;
}
