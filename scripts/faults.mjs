/**
 * `npm run faults`: the long form of each way to break things, one after another, which takes a day on two cores. Each keeps its counts
 * in docs/faults/ when it ends; an interrupted day is gone on with by `--only`. One that fails stops none of the others. Then the table of
 * docs/faults.md is made of all counts.
 *
 *     --only A,B   some of them, by the names of their commands: simulate,kill
 *     --list       what would be run
 *
 * Exit code 1 when one failed.
 */
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inProject, since } from './lib/project.mjs';
import { tool } from './lib/run.mjs';
import { setup } from './setup.mjs';

/** `command` is that of package.json, `script` what it runs. docs/faults.md says what each does. */
export const LONG_FORMS = [
  { command: 'simulate', script: 'simulate.mjs', args: ['--minutes', '60', '--result', 'docs/faults/simulate.json'] },
  { command: 'kill', script: 'kill.mjs', args: ['--kills', '10000', '--result', 'docs/faults/kill.json'] },
  { command: 'fuzz', script: 'fuzz.mjs', args: ['--until', '24', '--result', 'docs/faults/fuzz.json'] },
  {
    command: 'fuzz:differential',
    script: 'fuzz-differential.mjs',
    args: ['--minutes', '10', '--result', 'docs/faults/differential.json'],
  },
  { command: 'sanitize', script: 'sanitize.mjs', args: ['--result', 'docs/faults/sanitize.json'] },
  {
    command: 'soak',
    script: 'soak.mjs',
    args: ['--minutes', '60', '--p99', '20', '--result', 'docs/faults/soak.json'],
  },
  { command: 'mutations', script: 'mutations.mjs', args: ['--result', 'docs/faults/mutations.json'] },
  // The last one: it makes the table, too.
  { command: 'docs:faults', script: 'docs-faults.mjs', args: ['--count'] },
];

/** As it is typed. @param {(typeof LONG_FORMS)[number]} form */
export function typed({ command, args }) {
  return `npm run ${command} -- ${args.join(' ')}`;
}

/** @param {readonly (typeof LONG_FORMS)[number][]} forms @returns {Promise<string[]>} those that failed, and why */
async function runAll(forms) {
  const failed = [];
  for (const form of forms) {
    console.log(`\n===== ${typed(form)}`);
    const startMs = performance.now();
    const { code } = await tool(inProject('scripts', form.script), form.args, { show: true });
    console.log(`${form.command}: exit code ${code}, after ${since(startMs)}`);
    if (code !== 0) failed.push(`FAILED: ${typed(form)}: exit code ${code}`);
  }
  return failed;
}

async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string' }, list: { type: 'boolean', default: false } } });
  const names = LONG_FORMS.map(({ command }) => command);
  const wanted = values.only?.split(',') ?? names;
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    console.error(`faults: there is no ${unknown.join(', ')}; --only takes some of ${names.join(',')}`);
    return 2;
  }
  const forms = LONG_FORMS.filter(({ command }) => wanted.includes(command));
  if (values.list) {
    for (const form of forms) console.log(typed(form));
    return 0;
  }
  if (!(await setup()).ok) return 1;
  const failed = await runAll(forms);
  if (!wanted.includes('docs:faults')) await tool(inProject('scripts', 'docs-faults.mjs'), [], { show: true });
  console.log(failed.length === 0 ? `\n${forms.length} long forms, none failed` : `\n${failed.join('\n')}`);
  return failed.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main();
