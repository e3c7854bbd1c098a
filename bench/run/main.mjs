/**
 * `npm run bench`: all works on all sides that are installed, in turns. Writes bench/results/DATE.json (everything that was
 * measured), the tables of docs/benchmarks.md and docs/benchmarks.html. `bench:compare` and `bench:inspect` are the same with
 * fewer works and sides, and print only.
 */
import { inProject, say } from '../../scripts/lib/project.mjs';
import { setup } from '../../scripts/setup.mjs';
import { busyText, describeMachine, describeVersions, machineLine } from '../harness/machine.mjs';
import { withScratch } from '../harness/scratch.mjs';
import { runWork } from '../harness/turns.mjs';
import { prepareSides } from '../peers/prepare.mjs';
import { SIDES } from '../peers/sides.mjs';
import { render } from '../report/render.mjs';
import { sideTable, workHeading } from '../report/tables.mjs';
import { dayOf, ownArguments, writeResults } from '../report/results.mjs';
import { inOrder, SUITES, WORKS } from '../works/registry.mjs';
import { minutesOf } from './estimate.mjs';
import { chooseWorks, HELP, readOptions } from './options.mjs';

function print(text) {
  process.stdout.write(`${text}\n`);
}

/** What of the options tells how the figures came about. */
function settingsOf({ turns, rounds, warm, records, segments, partitions, gib, bytes, codec, toFile, quick }) {
  return { turns, rounds, warm, records, segments, partitions, gib, bytes, codec, toFile, quick };
}

/** The works and the sides that were asked for. */
function chosenOf(options) {
  const suite = SUITES[options.suite];
  if (suite === undefined) throw new Error(`--suite must be one of ${Object.keys(SUITES).join(', ')}`);
  const works = chooseWorks(suite.works, options.only);
  if (works.length === 0) throw new Error(`no work's name contains ${options.only.join(' or ')}: see --list`);
  const named = options.sides ?? suite.sides ?? Object.keys(SIDES);
  const sides = named.filter((name) => options.before !== undefined || !name.endsWith('-before'));
  const used = sides.filter((name) => works.some((work) => work.sides[name] !== undefined));
  return { works: works.filter((work) => used.some((name) => work.sides[name] !== undefined)), sides: used };
}

function listWorks(options) {
  const lines = WORKS.map((work) => {
    const title = typeof work.title === 'function' ? work.title(options) : work.title;
    return `${work.name}, ${minutesOf([work], Object.keys(SIDES), options)} min: ${title} (${Object.keys(work.sides).join(', ')})`;
  });
  print(lines.join('\n'));
}

/** Where results go: a quick try, or a part, never takes the place of what was measured in earnest. */
function placeOf({ suite, out, quick, only, sides }) {
  if (out !== undefined) return { results: out, docs: out };
  if (suite !== 'all') return undefined;
  const isPart = sides !== undefined || !only.includes('');
  if (quick || isPart) return { results: inProject('.cache', 'bench'), docs: inProject('.cache', 'bench') };
  return { results: inProject('bench', 'results'), docs: inProject('docs') };
}

/** Keeps what was measured so far, work by work: an hour's run that is stopped has not been for nothing. */
function keeperOf(options, machine) {
  const place = placeOf(options);
  const started = new Date();
  const works = [];
  return (result) => {
    works.push(result);
    if (place === undefined) return undefined;
    return writeResults(place.results, dayOf(started), {
      format: 1,
      kind: 'sides',
      date: started.toISOString(),
      minutes: Number(((Date.now() - started.getTime()) / 60_000).toFixed(1)),
      command: `npm run bench${ownArguments(process.argv.slice(2))}`,
      settings: settingsOf(options),
      versions: describeVersions(),
      machine,
      works,
    });
  };
}

/** Measures; answers the file of results, if they were to be kept. */
async function measure(options, { works, sides }, scratch) {
  const machine = describeMachine(scratch);
  print(machineLine(machine));
  const busy = busyText(machine);
  if (busy !== undefined) say(busy);
  const available = await prepareSides(sides);
  for (const [side, reason] of Object.entries(available)) {
    if (reason !== undefined) say(`${side} is not available: ${reason}`);
  }
  const keep = keeperOf(options, machine);
  let file;
  const done = [];
  const kept = {};
  const end = Date.now() + options.minutes * 60_000;
  const ordered = inOrder(works);
  say(`about ${minutesOf(ordered, sides, options)} minutes; after ${options.minutes} what is left takes one turn`);
  for (const [at, work] of ordered.entries()) {
    // One turn of a work says more than none.
    const turns = Date.now() > end ? 1 : options.turns;
    const result = await runWork(work, sides, { ...options, turns, scratch }, { available, say, done, kept });
    say(`${work.name}: done in ${result.seconds} s; ${at + 1} of ${works.length} works`);
    done.push(result);
    print(`\n${workHeading(result)}\n${sideTable(result)}`);
    file = keep(result);
  }
  return file;
}

async function bench(options) {
  const chosen = chosenOf(options);
  if (options.build && !(await setup()).ok) return 1;
  const file = await withScratch(options.dir, 'seglog-side-', (scratch) => measure(options, chosen, scratch));
  if (file === undefined) return 0;
  for (const written of [file, ...(await render(placeOf(options)))]) say(`written: ${written}`);
  return 0;
}

async function main() {
  let options;
  try {
    options = readOptions(process.argv.slice(2));
    if (!options.help && !options.list) chosenOf(options);
  } catch (error) {
    say(`${error.message}\n\n${HELP}`);
    return 2;
  }
  if (!options.help && !options.list) return bench(options);
  if (options.help) print(HELP);
  else listWorks(options);
  return 0;
}

process.exitCode = await main();
