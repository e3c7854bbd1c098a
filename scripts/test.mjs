/**
 * `npm test`: sets up, then every test on both engines, the Rust tests, and the gates. `--only-tests` leaves the gates
 * out. Other arguments name test files, which then run alone: `npm test -- test/format`.
 */
import { GATES, runGates } from './lib/gates.mjs';
import { ENGINE_RUNS, HOUSE, whyNotNative } from './lib/engines.mjs';
import { cargoVersion, run } from './lib/run.mjs';
import { readCargo, Tally } from './lib/tally.mjs';
import { vitest } from './lib/vitest.mjs';
import { setup } from './setup.mjs';

const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const withGates = paths.length === 0 && !process.argv.includes('--only-tests');
const cargo = cargoVersion();
/** Its tests have no limits of their own. They take a minute, and three to compile. */
const RUST_MINUTES = 30;
const tally = new Tally();

/** Where there is no compiler the native half is skipped aloud; where there is one, a missing engine is a failure. */
async function nativeRuns(native) {
  const reason = (await whyNotNative()) ?? (native.failed ? native.reason : undefined);
  if (reason === undefined) return true;
  const mayMiss = cargo === undefined && process.env.SEGLOG_REQUIRE_NATIVE !== '1';
  if (mayMiss) tally.skip(`native engine: ${native.reason ?? reason}`);
  else tally.fail(`native engine: ${reason}`);
  return false;
}

async function runEngines(native) {
  const withNative = await nativeRuns(native);
  for (const { name, env, exclude, onDisk } of ENGINE_RUNS) {
    if (env.SEGLOG_ENGINE === 'native' && !withNative) continue;
    if (paths.length > 0) {
      await vitest(name, { tally, paths, env, exclude: [`${HOUSE}/**`] });
      continue;
    }
    if (onDisk.length > 0) await vitest(`${name}, on a disk`, { tally, paths: onDisk, env, exclude });
    const elsewhere = [HOUSE, ...onDisk].map((room) => `${room}/**`);
    await vitest(name, { tally, env, exclude: [...elsewhere, ...exclude], inMemory: true });
  }
}

async function runRust() {
  if (cargo === undefined) return tally.skip('Rust tests: cargo not found');
  process.stdout.write('\n== Rust\n');
  const args = ['test', '--manifest-path', 'native/Cargo.toml', '--workspace'];
  const { code, output, isLate } = await run('cargo', args, { show: true, timeoutMs: RUST_MINUTES * 60_000 });
  tally.addRunner('Rust', readCargo(output), code);
  if (isLate) tally.note(`FAILED: Rust: not done after ${RUST_MINUTES} minutes; the last line tells what was running`);
}

const { ok, native } = await setup();
if (ok) {
  if (paths.length === 0) await vitest('house', { tally, paths: [HOUSE] });
  await runEngines(native);
  if (paths.length === 0) await runRust();
} else {
  tally.fail('setup');
}
if (withGates && ok) await runGates(GATES, tally);
process.exitCode = tally.close();
