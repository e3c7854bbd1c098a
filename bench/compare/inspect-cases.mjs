/** What is measured of the inspector: whole processes, Kafka's tool next to `seglog` on both engines. */
import { peerCommand } from '../../scripts/peer.mjs';
import { seglog } from './programs.mjs';

const TOOL = 'org.apache.kafka.tools.DumpLogSegments';
/** All of a process's resident memory. */
export const MOST_MEGABYTES = 150;
const MOST_SECONDS = 0.15;

function kafkaTool(...args) {
  return { ...peerCommand(TOOL, args), env: {}, needs: undefined };
}

/**
 * One case a row: how each side's process is started for a segment, and what is promised of seglog's. `least` is a ratio to
 * Kafka's time, `within` seconds; `first` stops the clock, and the process, at the first byte of output.
 */
export const INSPECT_CASES = [
  {
    name: 'verify',
    kafka: ({ file }) => kafkaTool('--deep-iteration', '--files', file),
    seglog: ({ file }) => ['verify', file],
    target: { least: 20 },
  },
  {
    name: 'dump',
    kafka: ({ file }) => kafkaTool('--print-data-log', '--files', file),
    seglog: ({ file }) => ['dump', '--json', file],
    target: { least: 5 },
  },
  {
    name: 'dump as text',
    seglog: ({ file }) => ['dump', '--json', '--bytes', 'utf8', file],
    target: {},
  },
  {
    name: 'first line',
    first: true,
    seglog: ({ file }) => ['dump', '--json', file],
    target: { within: MOST_SECONDS },
  },
  {
    name: 'one offset',
    seglog: ({ file, middle }) => ['dump', '--json', '--from-offset', middle, '--limit', 1, file],
    target: { within: MOST_SECONDS },
  },
  {
    name: 'one time',
    seglog: ({ file, time }) => ['dump', '--json', '--from-time', time, '--limit', 1, file],
    target: { within: MOST_SECONDS },
  },
  { name: 'version', seglog: () => ['--version'], target: {} },
];

/** The process of one side of a case, or undefined where Kafka's tool has nothing like it. */
export function programOf(inspectCase, side, segment) {
  if (side === 'kafka') return inspectCase.kafka?.(segment);
  return seglog(side, inspectCase.seglog(segment));
}
