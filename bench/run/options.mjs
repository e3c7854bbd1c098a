/** What can be said on the command line of the benches that take turns. */
import { parseArgs } from 'node:util';
import { SIDES } from '../peers/sides.mjs';

export const HELP = `usage: npm run bench -- [options]              everything that is installed; writes page, tables and raw data
       npm run bench:compare -- [options]      seglog next to Apache Kafka's engine; prints
       npm run bench:inspect -- [options]      the inspector next to kafka-dump-log; prints

Each side takes its turn in a new process, again and again, and what is said of it is the median of its turns.

  --only A,B        works named A or B; or, where none is, works whose names contain it (all: see --list)
  --sides A,B       sides of these names: ${Object.keys(SIDES).join(', ')}
  --list            name the works and their sides, and end
  --turns N         how often the sides take turns (default 5; dear works at most 3; --cycles says the same)
  --rounds N        rounds of a process that count (default 2)
  --warm N          rounds before them that only warm up (default 2)
  --records N       records of 100 B in a round (default 3000000; a fifth as many of 1 KB, a sixth or less for slow stores)
  --segments N      segments of the partition to open (default 10000)
  --partitions N    partitions of the log directory to open (default 1000)
  --gib N           size of the partition whose handling must fit into 200 MB (default 1)
  --bytes N         size of the segment that is inspected (default 1000000000)
  --codec NAME      its codec: uncompressed, gzip, snappy, lz4 or zstd (default uncompressed)
  --to-file         what the inspector prints goes to a file; to the null device otherwise
  --before DIR      a built checkout of an older version, to append and read in turn with this one
  --dir DIR         where the logs go (default: a directory of the system's temporary one)
  --out DIR         where the results go (npm run bench, whole: bench/results and docs; in part: .cache/bench; the others: nowhere)
  --minutes N       when so much time is over, the works that are left take one turn (default 60)
  --no-build        take dist/ and the addon as they are
  --quick           1 turn of 2 rounds, 200000 records, small logs; results to .cache/bench: to see that it works, not to quote
`;

const USUAL = {
  turns: '5',
  rounds: '2',
  warm: '2',
  records: '3000000',
  segments: '10000',
  partitions: '1000',
  gib: '1',
  bytes: '1000000000',
};
const QUICK = {
  turns: '1',
  rounds: '1',
  warm: '1',
  records: '200000',
  segments: '500',
  partitions: '50',
  gib: '0.1',
  bytes: '20000000',
};

function numberOf(name, text, least) {
  const number = Number(text);
  if (!(number >= least)) throw new Error(`--${name} must be a number from ${least}, not ${text}`);
  return number;
}

const TEXTS = [
  'suite',
  'only',
  'sides',
  'turns',
  'cycles',
  'rounds',
  'warm',
  'records',
  'segments',
  'partitions',
  'gib',
  'minutes',
];
const FLAGS = ['list', 'quick', 'help', 'no-build', 'to-file'];

function parse(argv) {
  const texts = [...TEXTS, 'bytes', 'codec', 'before', 'dir', 'out'].map((name) => [name, { type: 'string' }]);
  const flags = FLAGS.map((name) => [name, { type: 'boolean', default: false }]);
  return parseArgs({ args: argv, options: Object.fromEntries([...texts, ...flags]) }).values;
}

function sidesOf(text) {
  const names = text?.split(',');
  const unknown = names?.find((name) => SIDES[name] === undefined);
  if (unknown !== undefined) throw new Error(`--sides: ${unknown} is none of ${Object.keys(SIDES).join(', ')}`);
  return names;
}

/** The works that are named so; of a part that is no work's name, those whose names contain it. */
export function chooseWorks(works, parts) {
  const names = new Set(works.map(({ name }) => name));
  return works.filter(({ name }) => parts.some((part) => (names.has(part) ? name === part : name.includes(part))));
}

/** The options, checked; throws with a message for the user. */
export function readOptions(argv) {
  const values = parse(argv);
  const sized = { ...(values.quick ? QUICK : USUAL), ...values };
  const whole = (name, least) => Math.trunc(numberOf(name, sized[name], least));
  return {
    suite: values.suite ?? 'all',
    only: values.only?.split(',') ?? [''],
    sides: sidesOf(values.sides),
    turns: Math.trunc(numberOf('turns', values.turns ?? values.cycles ?? sized.turns, 1)),
    rounds: whole('rounds', 1),
    warm: whole('warm', 0),
    records: Math.ceil(numberOf('records', sized.records, 1) / 1000) * 1000,
    segments: whole('segments', 1),
    partitions: whole('partitions', 1),
    gib: numberOf('gib', sized.gib, 0.01),
    bytes: whole('bytes', 1000),
    minutes: numberOf('minutes', values.minutes ?? '60', 1),
    codec: values.codec ?? 'uncompressed',
    toFile: values['to-file'],
    before: values.before,
    dir: values.dir,
    out: values.out,
    build: !values['no-build'],
    list: values.list,
    quick: values.quick,
    help: values.help,
  };
}
