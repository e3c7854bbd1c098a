/**
 * Miri over native/core's unit tests: an interpreter that knows of every byte whether it may be read. It runs Rust only, so each test
 * module is in one of two lists here, and one that is in neither is a failure.
 */
import { inProject, since } from '../project.mjs';
import { lastLines, run } from '../run.mjs';

/** A run of one module takes from seconds to minutes; by modules, so that what was run shows. */
export const MODULES = [
  ...['batch', 'bytes', 'crc', 'scan', 'locate', 'find', 'index::build'],
  ...['records::varint', 'records::check', 'records::decode', 'records::lines', 'records::text'],
  ...['codec::gzip', 'codec::snappy', 'codec::lz4::xxh32'],
  ...['cleaning::hash', 'cleaning::map', 'cleaning::tests', 'recovery::tests', 'append::publish', 'io::read'],
  // Nine minutes: what the time is over in should be this.
  'index::search',
];

const SLOW = 'minutes, a thousand times slower than the processor';
/** Modules and tests that are not for Miri, and why. */
export const BEYOND = {
  'append::publish::tests::long_bodies_are_copied_whole_wherever_they_start_and_end': SLOW,
  'append::publish::tests::whoever_sees_the_length_sees_the_body': 'a race that is meant',
  'append::filling_tests': 'shared mappings of files',
  'append::helper_tests': 'shared mappings of files',
  'append::tests': 'shared mappings of files',
  'append::waiting_tests': 'shared mappings of files',
  'cleaning::map::tests::a_large_map_holds_what_was_put': SLOW,
  'cleaning::map::tests::a_map_spreads_as_keys_come_and_not_beyond_its_memory': SLOW,
  'cleaning::map::tests::hashes_that_crowd_as_none_do_fill_the_map_and_lose_nothing': SLOW,
  'codec::lz4::read': 'the C library of LZ4',
  'codec::lz4::write': 'the C library of LZ4',
  'codec::tests': 'the C libraries of LZ4 and zstd',
  'codec::zstd': 'the C library of zstd',
  cpu: 'the processors of the machine',
  'crc::tests::every_length_agrees_with_a_bit_by_bit_reference': SLOW,
  'find::tests::large_batches_of_which_some_are_not_indexed_are_found_all_the_same': SLOW,
  'find::tests::large_batches_that_are_all_indexed_cost_one_read_but_for_the_first_and_last': SLOW,
  'io::open': 'FIFOs and devices',
  'locate::tests::every_target_from_every_boundary_with_any_scratch': SLOW,
  lock: 'locks of files',
  probe: 'shared mappings of files',
  'records::text::tests::what_must_not_reach_a_terminal_is_escaped_and_nothing_else_is': SLOW,
  'recovery::tests::threads_calls_and_room_change_nothing': SLOW,
};

const CARGO = ['+nightly', 'miri', 'test', '--manifest-path', 'native/Cargo.toml', '--package', 'seglog-core', '--lib'];
const WHERE = ['--target-dir', inProject('native', 'target', 'miri')];
const ENV = {
  // Files and the clock are the machine's.
  MIRIFLAGS: '-Zmiri-disable-isolation',
  // A thousand times slower than the processor: a few inputs of each property.
  PROPTEST_CASES: '6',
  PROPTEST_DISABLE_FAILURE_PERSISTENCE: 'true',
};

/** The names of all tests. @returns {Promise<string[]>} */
async function testNames() {
  const { code, output, stdout } = await run('cargo', [...CARGO, ...WHERE, '--', '--list'], { env: ENV });
  if (code !== 0) throw new Error(`Miri cannot build native/core:\n${lastLines(output, 40)}`);
  return [...stdout.matchAll(/^(\S+): test$/gm)].map(([, name]) => name);
}

const isOf = (name, module) => name === module || name.startsWith(`${module}::`);
const isBeyond = (name) => Object.keys(BEYOND).some((module) => isOf(name, module));

/** What Miri needs and is not there, if anything is. */
async function missing() {
  const { code } = await run('cargo', ['+nightly', 'miri', '--version']);
  return code === 0 ? undefined : 'no Miri: rustup toolchain install nightly --component miri,rust-src';
}

/**
 * Runs module after module until the time is over. A module that it is over in is ended, and those of its tests that had passed count.
 *
 * @param {{ minutes: number }} limits
 */
export async function miri({ minutes }) {
  const why = await missing();
  if (why !== undefined) return { skipped: why };
  const endMs = performance.now() + minutes * 60_000;
  const names = await testNames();
  const unknown = names.filter((name) => !isBeyond(name) && !MODULES.some((module) => isOf(name, module)));
  if (unknown.length > 0) {
    return { failed: `say in scripts/lib/sanitize/miri.mjs whether Miri can run ${unknown.join(', ')}` };
  }
  let passed = 0;
  const late = [];
  for (const module of MODULES) {
    const tests = names.filter((name) => isOf(name, module) && !isBeyond(name));
    if (tests.length === 0)
      return { failed: `there is no test in ${module} any more: see scripts/lib/sanitize/miri.mjs` };
    const moduleMs = performance.now();
    const leftMs = endMs - moduleMs;
    if (leftMs <= 0) {
      late.push(...tests);
      continue;
    }
    const args = [...CARGO, ...WHERE, '--', '--exact', '--test-threads=1', ...tests];
    const { code, output, isLate } = await run('cargo', args, { env: ENV, timeoutMs: leftMs });
    const ok = passedIn(output);
    // One that is killed has no closing line: what it said of each test is what there is.
    const isWrong = isLate
      ? /\.\.\. FAILED|error: |Undefined Behavior/.test(output)
      : code !== 0 || ok.length !== tests.length;
    if (isWrong) return { failed: `${module}:\n${lastLines(output, 60)}` };
    late.push(...tests.filter((name) => !ok.includes(name)));
    console.log(`miri: ${module}: ${ok.length} of ${tests.length} tests in ${since(moduleMs)}`);
    passed += ok.length;
  }
  const beyond = Object.entries(BEYOND).map(([module, reason]) => `${module} (${reason})`);
  console.log(`miri: not for it: ${beyond.join(', ')}`);
  if (late.length > 0) console.log(`SKIPPED: miri: for want of time (--minutes): ${late.join(', ')}`);
  if (passed === 0) return { failed: 'no test was run' };
  const beyondIt = names.filter(isBeyond).length;
  return {
    counts: { 'tests of native/core': passed, 'tests it cannot run': beyondIt, 'left for want of time': late.length },
  };
}

/** The tests that passed, in the words of Rust's test harness. @param {string} output @returns {string[]} */
export function passedIn(output) {
  return [...output.matchAll(/^test (\S+) \.\.\. ok$/gm)].map(([, name]) => name);
}
