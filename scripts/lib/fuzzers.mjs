/** libFuzzer's programs: building them, and having one run for some time. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject, say, since } from './project.mjs';
import { lastLines, run } from './run.mjs';

const RUN = inProject('native', 'fuzz', 'run');
const BUILT = inProject('native', 'target', 'fuzz');
export const TARGETS_FOLDER = path.join(RUN, 'fuzz_targets');

/**
 * A run takes well under a second. Memory counts with what AddressSanitizer keeps back of it; time is that of the wall, and the
 * whole process may stand still while others are measured.
 */
export const LIMITS = ['-timeout=300', '-rss_limit_mb=1536', '-malloc_limit_mb=256'];

/** libFuzzer's flags are rustc's unstable ones, which RUSTC_BOOTSTRAP allows on the toolchain that builds the addon. */
const UNSTABLE = {
  RUSTC_BOOTSTRAP: '1',
  // The C libraries are compiled for AddressSanitizer too. Some versions of gcc poison static variables of a scope.
  CFLAGS: '-fno-sanitize-address-use-after-scope',
  // All that is C++ is libFuzzer itself, which says that it must not be checked in a way that gcc does not know.
  CXXFLAGS: '-fno-sanitize=address',
};

/** What is missing to build the programs, if anything is. */
async function missing() {
  const needed = [
    { command: 'cargo', args: ['--version'], what: 'cargo (https://rustup.rs)' },
    { command: 'cargo', args: ['fuzz', '--version'], what: 'cargo-fuzz (cargo install cargo-fuzz)' },
    { command: process.env['CXX'] ?? 'c++', args: ['--version'], what: 'a C++ compiler (c++, or CXX)' },
  ];
  for (const { command, args, what } of needed) {
    // The first that is missing says enough.
    const { code } = await run(command, args);
    if (code !== 0) return what;
  }
  return undefined;
}

/** Builds all programs; false, and why, when that fails. */
export async function buildFuzzers() {
  const what = await missing();
  if (what !== undefined) {
    say(`fuzzing needs ${what}`);
    return false;
  }
  const start = performance.now();
  const args = ['fuzz', 'build', '--fuzz-dir', RUN, '--target-dir', BUILT];
  const { code, output } = await run('cargo', args, { env: UNSTABLE });
  if (code === 0) return true;
  say(`the fuzz targets were not built (${since(start)}):\n${lastLines(output, 60)}`);
  return false;
}

/** Where cargo put a target's program: a folder named after the processor and system. */
export function programOf(target) {
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

/** Runs a program by the shell, which alone tells how much processor time it took. */
async function runTimed(command, args) {
  const result = await run('/bin/sh', ['-c', '"$0" "$@"; code=$?; times; exit $code', command, ...args]);
  const [, minutes, rest, systemMinutes, systemRest] =
    /(\d+)m([\d.]+)s\s+(\d+)m([\d.]+)s\s*$/.exec(result.stdout)?.map(Number) ?? [];
  return { ...result, cpuSeconds: ((minutes ?? 0) + (systemMinutes ?? 0)) * 60 + (rest ?? 0) + (systemRest ?? 0) };
}

/** Whether an input that took too long does so again: a machine that stood still is not the input's fault. */
async function isSlowAgain(target, file) {
  const { code } = await run(programOf(target), [file, ...LIMITS]);
  return code !== 0;
}

/** What broke something now, and not before; it goes to where a test replays it. */
async function keepFound(target, crashes, before) {
  const kept = inProject('fixtures', 'fuzz', 'found', target);
  const found = [];
  for (const name of readdirSync(crashes)) {
    if (before.has(name) || name.startsWith('slow-unit')) continue;
    const file = path.join(crashes, name);
    if (name.startsWith('timeout-') && !(await isSlowAgain(target, file))) {
      rmSync(file);
      continue;
    }
    mkdirSync(kept, { recursive: true });
    copyFileSync(file, path.join(kept, name));
    found.push(name);
  }
  return found;
}

/**
 * Has libFuzzer call a target for some seconds, and says what came of it.
 *
 * @param {string} target
 * @param {number} seconds
 * @param {number | undefined} seed
 * @returns {Promise<{ target: string, cpuSeconds: number, runs: number, found: number, hasFailed: boolean }>}
 */
export async function fuzzPart(target, seconds, seed) {
  const program = programOf(target);
  if (!existsSync(program)) {
    say(`${target}: there is no ${program}: run without --no-build`);
    return { target, cpuSeconds: 0, runs: 0, found: 0, hasFailed: true };
  }
  const { corpus, crashes, seeds } = corporaOf(target);
  const before = new Set(readdirSync(crashes));
  const start = performance.now();
  const { code, output, cpuSeconds } = await runTimed(program, [
    ...[corpus, seeds, `-artifact_prefix=${crashes}${path.sep}`, `-max_total_time=${seconds}`],
    ...[`-max_len=${target === 'recovery_split' ? 40_000 : 8192}`, '-len_control=0', '-print_final_stats=1'],
    ...(seed === undefined ? [] : [`-seed=${seed}`]),
    ...LIMITS,
  ]);
  const found = await keepFound(target, crashes, before);
  const last = (pattern) => [...output.matchAll(pattern)].at(-1)?.[1];
  const runs = Number(last(/stat::number_of_executed_units:\s+(\d+)/g) ?? last(/^#(\d+)\s/gm) ?? 0);
  const [coverage, features] = [last(/\bcov: (\d+)/g), last(/\bft: (\d+)/g)];
  const took = `${runs} runs in ${since(start)}, ${cpuSeconds.toFixed(0)} s of a processor`;
  console.log(`${target}: ${took}, coverage ${coverage}, features ${features}, crashes ${found.length}`);
  // It ended badly: by what it found, or before it found anything. A slow input that is fast now is neither.
  const isFalseAlarm = found.length === 0 && /ERROR: libFuzzer: timeout/.test(output);
  const hasFailed = code !== 0 && !isFalseAlarm;
  if (hasFailed) say(lastLines(output, 40));
  return { target, cpuSeconds, runs, found: found.length, hasFailed };
}
