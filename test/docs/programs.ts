/**
 * How the programs of the pages are run: which blocks are one program, and what a block takes for granted that the text around
 * it has told. Said lines are printed by `after`, and stand for what the page says in prose.
 */

/** One or several blocks of a page, run in order as one module. */
export interface Program {
  readonly page: string;
  /** Which of the page's programs, from 0. */
  readonly blocks: readonly number[];
  readonly before?: string;
  readonly after?: string;
  /** What `after` prints. */
  readonly said?: readonly string[];
  /** Whether the page shows what is printed in the `text` block behind it. */
  readonly isShown?: boolean;
}

const END_LOOPS = `
const { AbortController: Controller } = globalThis;
globalThis.AbortController = class extends Controller {
  constructor() {
    super();
    setTimeout(() => this.abort(), 500);
  }
};`;

const OPEN_STORE = `
import { Store } from 'seglog';
const store = await Store.open('data');`;

/** How the programs of the pages are run. */
export const PROGRAMS: readonly Program[] = [
  { page: 'README.md', blocks: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10] },
  { page: 'docs/groups.md', blocks: [0] },
  { page: 'docs/store.md', blocks: [0] },
  {
    page: 'docs/store.md',
    blocks: [1],
    before: OPEN_STORE,
    after: 'console.log(store.topics().length);\nawait store.close();',
    said: ['0'],
  },
  {
    page: 'docs/store.md',
    blocks: [2],
    before: `${END_LOOPS}${OPEN_STORE}\nawait store.createTopic({ name: 'events', partitions: 3 });
      for (let n = 0; n < 60; n++) await store.partition('events', 0).append({ value: 'one' });\nlet seen = 0;`,
    after: 'await store.close();',
  },
  {
    page: 'docs/store.md',
    blocks: [3],
    after:
      'console.log(deleted.length, deleted[0].baseOffset, deleted[0].nextOffset, deleted[0].sizeBytes, deleted[0].rule, logStartOffset);',
    said: ['6 0 852 65494 time 5000'],
  },
  { page: 'docs/compaction.md', blocks: [0], before: "const directory = 'cities-0';", isShown: true },
  {
    page: 'docs/compaction.md',
    blocks: [1],
    after: 'console.log(segmentsBefore, segmentsAfter, bytesBefore, bytesAfter, endOffset, statistics.recordsKept);',
    said: ['26 26 1702653 43390 19749 500'],
  },
  { page: 'docs/stats.md', blocks: [0] },
  {
    page: 'docs/transactions.md',
    blocks: [0, 1, 2],
    before: `
import { Log } from 'seglog';
const log = await Log.open('t-0');
const records = [{ value: 'one' }, { value: 'two' }];`,
    after: 'console.log(log.logEndOffset, slice.abortedTransactions);\nawait log.close();',
    said: ['5 []'],
  },
];

/** Those that cannot run here, and why. */
export const NOT_RUN: readonly { readonly page: string; readonly block: number; readonly why: string }[] = [
  { page: 'docs/metrics.md', block: 0, why: 'its two optional peers are installed by whoever wants them' },
];

/** Comments behind `console.log` that describe what is printed, and do not quote it. */
export const DESCRIBED: readonly string[] = ['the header of the batch that holds offset 2, and its place in the file'];
