/**
 * What continuous integration runs: the suite with its gates, the other versions of Node, the main job that `npm start`
 * shows, and one short round of each benchmark. Ends with one line of totals over all of them.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inProject, since } from './lib/project.mjs';
import { npm, run, tool } from './lib/run.mjs';
import { readClosingLine, Tally } from './lib/tally.mjs';

const tally = new Tally();

/** A script of ours that ends with a closing line of its own. */
async function counted(name, script, args = []) {
  process.stdout.write(`\n===== ${name}\n`);
  const start = performance.now();
  const { code, stdout } = await tool(inProject('scripts', script), args, { show: true });
  const counts = readClosingLine(stdout);
  if (counts === undefined) tally.fail(`${name}: ended without its totals`);
  else tally.addRunner(name, counts, code);
  for (const line of stdout.split('\n')) if (line.startsWith('FAILED: ')) tally.note(line);
  tally.note(`${name}: ${since(start)}`);
}

/** A program that passes when it exits with 0. */
async function passes(name, args) {
  process.stdout.write(`\n===== ${name}\n`);
  const start = performance.now();
  const { code } = await run(process.execPath, args, { show: true });
  if (code === 0) tally.pass();
  else tally.fail(`${name}: exit code ${code}`);
  tally.note(`${name}: ${since(start)}`);
}

async function benchSmoke() {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'seglog-bench-'));
  const small = ['--records', '100000', '--rounds', '1', '--json', '--dir', path.join(scratch, 'logs')];
  for (const work of ['append', 'read', 'seek']) {
    await passes(`bench ${work}`, [inProject('dist', 'cli', 'main.js'), 'bench', work, ...small]);
  }
  rmSync(scratch, { recursive: true });
}

/** What is shown and stops nothing: ratios of speeds on a machine that does other work, too. */
async function advises(name, args) {
  process.stdout.write(`\n===== ${name} (advice: it fails nothing)\n`);
  const start = performance.now();
  const { code } = await run(process.execPath, args, { show: true });
  tally.note(`${name}: ${code === 0 ? 'nothing is worse' : `exit code ${code}, see above`}, ${since(start)}`);
}

/** Known vulnerabilities of what is installed with seglog, and of its crates. A registry that cannot be asked is told, and fails nothing. */
async function audits() {
  process.stdout.write('\n===== audits\n');
  const { code, output } = await npm(['audit', '--omit=dev', '--audit-level=low'], { show: true });
  const isAnswered = !/audit endpoint returned an error|ENOTFOUND|ECONNREFUSED|ENOLOCK/.test(output);
  if (!isAnswered) tally.note('npm audit: the registry does not answer');
  else if (code === 0) tally.pass();
  else tally.fail(`npm audit: exit code ${code}`);
  const manifest = ['--manifest-path', 'native/Cargo.toml'];
  const deny = await run('cargo', ['deny', ...manifest, 'check'], { show: true });
  if (/no such command/.test(deny.output) || deny.code === 127) tally.note('cargo deny: not installed');
  else if (deny.code === 0) tally.pass();
  else tally.fail(`cargo deny: exit code ${deny.code}`);
}

await counted('npm test', 'test.mjs');
await audits();
await counted('other versions of Node', 'other-nodes.mjs', ['22', '24']);
await passes('npm start', [inProject('scripts', 'start.mjs')]);
await benchSmoke();
await advises('bench guard', [inProject('bench', 'guard', 'main.mjs'), '--no-build']);
process.exitCode = tally.close();
