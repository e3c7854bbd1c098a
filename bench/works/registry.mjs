/**
 * All that is measured, in the order of the page. A work says:
 *
 *   name, section, title, note    what it is (`title` may be made from the options); `note` with what counts as done
 *   unit, better                  of its values: 'more' or 'less'
 *   base                          the side that ratios are to
 *   sides                         for each one what starts it: (options) => a program (harness/programs.mjs)
 *   fixture, sharedFixture        a program that makes what the turns of a side, or of all sides, only read
 *   fixtureName                   of a shared one: it stays, and works with the same name read it, too
 *   value                         the values of a process's warm rounds: (lines, warm, rounds); without it, its peak of memory
 *   whole, first                  the value is the time of the whole process, or until its first byte of output
 *   targets                       what is promised: { side, to?, least?, most?, aim? }, as a ratio to `to` (of several: to the
 *                                 best of them) or as a value
 *   limits                        those of the sides that are the machine's limits (./limits.mjs)
 *   like                          the work whose turns it sees differently: its programs do not run again for this one
 *   turns, rounds, warm           where they are other than the options'; of turns and rounds, never more
 */
import { DISK_WORKS } from './disk-works.mjs';
import { INSPECT_WORKS } from './inspect-works.mjs';
import { KEEPING_WORKS } from './keeping-works.mjs';
import { LOG_WORKS } from './log-works.mjs';
import { withLimits } from './limits.mjs';
import { STORE_WORKS } from './store-works.mjs';

/** Dear works that no promise of five turns hangs on: three turns tell as much as a reader asks of them. */
const THREE =
  'read-objects seek append-idempotent append-transactional durable-one compact-lz4 open- dump one- first-line version'
    .split(' ')
    .concat(['append-lz4', 'read-lz4', 'append-zstd', 'read-zstd']);
const isDear = ({ name }) =>
  THREE.some((part) => (part.endsWith('-') || part === 'dump' ? name.startsWith(part) : name === part));
/** A clean of half a gigabyte is warm in its second round. */
const ONE_ROUND = { compact: { rounds: 1, warm: 1 }, 'compact-lz4': { rounds: 1, warm: 1 } };

function settled(work) {
  const { turns = isDear(work) ? 3 : undefined } = work;
  return withLimits({ ...work, ...ONE_ROUND[work.name], turns });
}

export const WORKS = [...LOG_WORKS, ...DISK_WORKS, ...KEEPING_WORKS, ...STORE_WORKS, ...INSPECT_WORKS].map(settled);

/** What promises of five turns hang on comes first: a run that is stopped has them. */
export function inOrder(works) {
  return works.filter(({ turns }) => turns === undefined).concat(works.filter(({ turns }) => turns !== undefined));
}

export const SECTIONS = {
  log: 'The log',
  disk: 'To the disk, and to the limits',
  keeping: 'Compacting and opening',
  store: 'The store',
  memory: 'Memory',
  inspect: 'The inspector',
};

const ENGINES = ['kafka', 'native', 'ts'];
const OLDER = ['native-before', 'ts-before'];

/** What each command measures: all of it, seglog next to Kafka, or the inspector alone. `sides` undefined: all. */
export const SUITES = {
  all: { works: WORKS },
  compare: { works: WORKS.filter(({ section }) => section !== 'inspect'), sides: [...ENGINES, ...OLDER] },
  inspect: { works: WORKS.filter(({ section }) => section === 'inspect'), sides: ENGINES },
};
