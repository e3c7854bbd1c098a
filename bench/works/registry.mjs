/**
 * All that is measured, in the order of the page. A work says:
 *
 *   name, section, title, note    what it is (`title` may be made from the options); `note` with what counts as done
 *   unit, better                  of its values: 'more' or 'less'
 *   base                          the side that ratios are to
 *   sides                         for each one what starts it: (options) => a program (harness/programs.mjs)
 *   fixture, sharedFixture        a program that makes what the turns of a side, or of all sides, only read
 *   value                         the values of a process's warm rounds: (lines, warm, rounds); without it, its peak of memory
 *   whole, first                  the value is the time of the whole process, or until its first byte of output
 *   targets                       what is promised: { side, to?, least?, most?, aim? }, as a ratio to `to` or as a value
 *   turns, warm                   where they are other than the options'
 */
import { DISK_WORKS } from './disk-works.mjs';
import { INSPECT_WORKS } from './inspect-works.mjs';
import { KEEPING_WORKS } from './keeping-works.mjs';
import { LOG_WORKS } from './log-works.mjs';
import { STORE_WORKS } from './store-works.mjs';

export const WORKS = [...LOG_WORKS, ...DISK_WORKS, ...KEEPING_WORKS, ...STORE_WORKS, ...INSPECT_WORKS];

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
