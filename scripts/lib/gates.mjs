/** The gates: what must hold besides the tests. Each is an npm script of its own and counts as one. */
import { cargoVersion, lastLines, npm } from './run.mjs';
import { say, since } from './project.mjs';

export const GATES = [
  { script: 'check:format', what: 'Biome: formatting' },
  { script: 'check:lint', what: 'oxlint, with types' },
  { script: 'check:dead-code', what: 'knip: unused files, exports and packages' },
  { script: 'check:types', what: 'TypeScript: sources, tests and benches' },
  { script: 'check:api', what: 'api-extractor: the public API is the one on record' },
  { script: 'check:package', what: 'publint on the packed tarball' },
  { script: 'check:native-types', what: "the addon's committed types are those that the build generates", cargo: true },
  { script: 'check:rust-format', what: 'cargo fmt', cargo: true },
  { script: 'check:rust-lint', what: 'cargo clippy', cargo: true },
];

/** Runs gates one after the other; those that need cargo are skipped aloud without it. */
export async function runGates(gates, tally) {
  process.stdout.write('\n== gates\n');
  const hasCargo = cargoVersion() !== undefined;
  for (const { script, what, cargo } of gates) {
    if (cargo && !hasCargo) {
      tally.skip(`${script} (${what}): cargo not found`);
      continue;
    }
    const start = performance.now();
    const { code, output } = await npm(['run', '--silent', script]);
    const outcome = code === 0 ? 'ok  ' : 'FAIL';
    process.stdout.write(`${outcome} ${script} (${what}) ${since(start)}\n`);
    if (code === 0) tally.pass();
    else {
      say(lastLines(output, 120));
      tally.fail(`${script} (${what})`);
    }
  }
}
