/** What can be said on the command line. */
import { parseArgs } from 'node:util';

export const HELP = `usage: npm run bench:compare -- [options]

Runs Apache Kafka's own engine and seglog's two side by side and prints their ratios next to the targets.

  --only A,B       cases whose names contain A or B (all: see --list)
  --list           name the cases and end
  --records N      records of 100 B in a round (default 3000000)
  --rounds N       measured rounds of a process (default 3)
  --warm N         rounds before them that only warm up (default 2)
  --cycles N       how often Kafka, native and ts take turns, each time in new processes (default 3)
  --segments N     segments of the partition to open, or to delete (default 10000)
  --partitions N   partitions of the log directory to open (default 1000)
  --before DIR     a built checkout of an older version, which the case before is run with
  --gib N          size of the partition whose handling must fit into 200 MB (default 4)
  --dir DIR        where the logs go (default: a directory of the system's temporary one)
  --out FILE       also write everything that was measured as JSON
  --no-build       take dist/ and the addon as they are
  --quick          300000 records, 1 cycle, 2 rounds, 1000 segments, 100 partitions, 0.25 GiB: to see that it works, not to quote
`;

const QUICK = { records: '300000', cycles: '1', rounds: '2', segments: '1000', partitions: '100', gib: '0.25' };
const USUAL = { records: '3000000', cycles: '3', rounds: '3', segments: '10000', partitions: '1000', gib: '4' };

function numberOf(name, text, least) {
  const number = Number(text);
  if (!(number >= least)) throw new Error(`--${name} must be a number from ${least}, not ${text}`);
  return number;
}

/** The options, checked; throws with a message for the user. */
export function readOptions(argv) {
  const text = { type: 'string' };
  const flag = { type: 'boolean', default: false };
  const { values } = parseArgs({
    args: argv,
    options: {
      only: text,
      records: text,
      rounds: text,
      cycles: text,
      segments: text,
      partitions: text,
      before: text,
      gib: text,
      dir: text,
      out: text,
      warm: { type: 'string', default: '2' },
      list: flag,
      quick: flag,
      help: flag,
      'no-build': flag,
    },
  });
  const sized = { ...(values.quick ? QUICK : USUAL), ...values };
  return {
    records: Math.ceil(numberOf('records', sized.records, 1) / 1000) * 1000,
    rounds: Math.trunc(numberOf('rounds', sized.rounds, 1)),
    warm: Math.trunc(numberOf('warm', sized.warm, 0)),
    cycles: Math.trunc(numberOf('cycles', sized.cycles, 1)),
    segments: Math.trunc(numberOf('segments', sized.segments, 1)),
    partitions: Math.trunc(numberOf('partitions', sized.partitions, 1)),
    before: values.before,
    gib: numberOf('gib', sized.gib, 0.01),
    only: values.only?.split(',') ?? [''],
    dir: values.dir,
    out: values.out,
    build: !values['no-build'],
    list: values.list,
    help: values.help,
  };
}
