/** The inspector next to Kafka's own tool: whole processes on one segment, from start to end, the page cache warm. */
import { kafka, script, seglog } from '../harness/programs.mjs';
import path from 'node:path';

const TOOL = 'org.apache.kafka.tools.DumpLogSegments';
const MOST_SECONDS = 0.15;

const NOTE = 'One segment of records of 100 B, 1000 a batch; the whole process, output to the null device.';

/** One work a row; `within` in seconds; `first` stops the clock, and the process, at the first byte of output. */
const ROWS = [
  {
    name: 'verify',
    title: 'verify / kafka-dump-log --deep-iteration',
    kafka: ({ file }) => ['--deep-iteration', '--files', file],
    seglog: ({ file }) => ['verify', file],
    least: 20,
    note: `${NOTE} kafka-dump-log goes into batches only with --deep-iteration, and then prints each record; verify has no such output.`,
  },
  {
    name: 'verify-batches',
    title: 'verify / kafka-dump-log, which then prints batches and does not look into them',
    kafka: ({ file }) => ['--files', file],
    seglog: ({ file }) => ['verify', file],
  },
  {
    name: 'dump',
    title: 'dump --json / kafka-dump-log --print-data-log',
    kafka: ({ file }) => ['--print-data-log', '--files', file],
    seglog: ({ file }) => ['dump', '--json', file],
    least: 5,
  },
  {
    name: 'dump-text',
    title: 'dump --json --bytes utf8',
    seglog: ({ file }) => ['dump', '--json', '--bytes', 'utf8', file],
  },
  {
    name: 'stats',
    title: 'stats --no-what-if',
    seglog: ({ file }) => ['stats', '--no-what-if', file],
    nativeWithin: 1,
    note: `${NOTE} 1 GB/s and more is promised of a segment of 1 GB.`,
  },
  {
    name: 'first-line',
    title: 'the first line of dump --json',
    first: true,
    seglog: ({ file }) => ['dump', '--json', file],
    within: MOST_SECONDS,
  },
  {
    name: 'one-offset',
    title: 'dump the record of one offset',
    seglog: ({ file, middle }) => ['dump', '--json', '--from-offset', middle, '--limit', 1, file],
    within: MOST_SECONDS,
  },
  {
    name: 'one-time',
    title: 'dump the record of one time',
    seglog: ({ file, time }) => ['dump', '--json', '--from-time', time, '--limit', 1, file],
    within: MOST_SECONDS,
  },
  { name: 'version', title: 'seglog --version', seglog: () => ['--version'] },
];

function targetsOf({ least, within, nativeWithin }) {
  if (least !== undefined) return [{ side: 'native', to: 'kafka', least }];
  if (nativeWithin !== undefined) return [{ side: 'native', most: nativeWithin }];
  return within === undefined ? [] : ['native', 'ts'].map((side) => ({ side, most: within }));
}

function makeSegment({ fixture, bytes, codec }) {
  return script('works/inspect-worker.mjs', [path.join(fixture, 'inspect-0'), bytes, codec], 'ts');
}

export const INSPECT_WORKS = ROWS.map((row) => {
  const sides = Object.fromEntries(
    ['native', 'ts'].map((engine) => [engine, ({ made }) => seglog(engine, row.seglog(made.all))]),
  );
  const tool = row.kafka && { kafka: ({ made }) => kafka(TOOL, row.kafka(made.all)) };
  return {
    name: row.name,
    section: 'inspect',
    title: row.title,
    unit: 's',
    better: 'less',
    base: row.kafka === undefined ? 'ts' : 'kafka',
    note: row.note ?? NOTE,
    whole: true,
    first: row.first,
    sharedFixture: true,
    fixtureName: 'inspect',
    sides: { ...tool, ...sides },
    fixture: (_side, options) => makeSegment(options),
    targets: targetsOf(row),
  };
});
