/** AddressSanitizer over all of native/core's tests, over the seeds of the fuzzers, and over the C libraries below both. */
import { inProject } from '../project.mjs';
import { cargoVersion, lastLines, run } from '../run.mjs';

const ENV = {
  // The sanitizers are rustc's unstable flags, which this allows on the toolchain that builds the addon.
  RUSTC_BOOTSTRAP: '1',
  RUSTFLAGS: '-Zsanitizer=address',
  CFLAGS: '-fno-sanitize-address-use-after-scope',
  PROPTEST_DISABLE_FAILURE_PERSISTENCE: 'true',
};

/** The triple that rustc compiles for. */
async function hostOf() {
  const { stdout } = await run('rustc', ['-vV']);
  return /^host: (\S+)$/m.exec(stdout)?.[1] ?? '';
}

/** Runs the tests. */
export async function asan() {
  if (cargoVersion() === undefined) return { skipped: 'cargo not found (https://rustup.rs)' };
  const host = await hostOf();
  if (!/^(x86_64|aarch64)-(unknown-linux-gnu|apple-darwin)$/.test(host)) {
    return { skipped: `rustc has no AddressSanitizer for ${host}` };
  }
  const { code, output } = await run(
    'cargo',
    [
      ...['test', '--manifest-path', 'native/Cargo.toml', '--package', 'seglog-core', '--package', 'seglog-fuzz'],
      // With a target of its own, what runs while compiling (build scripts, macros) is left as it is.
      ...['--lib', '--tests', '--target', host, '--target-dir', inProject('native', 'target', 'asan')],
    ],
    { env: ENV },
  );
  const passed = [...output.matchAll(/^test result: ok\. (\d+) passed/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
  if (code !== 0 || passed === 0) return { failed: lastLines(output, 80) };
  return { counts: { 'tests of native/core and of the fuzzers': passed } };
}
