/** Threads: what one comes to is told, also when it dies, and the others go on. Runs the built files, as threads need them. */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type * as pool from '../../../src/inspect/verify/pool.ts';
import type { VerifyTask } from '../../../src/inspect/verify/task.ts';
import { FIXTURES } from '../../support/fixtures.ts';

const { WorkerPool } = (await import(
  new URL('../../../dist/inspect/verify/pool.js', import.meta.url).href
)) as typeof pool;

const SETTINGS = { indexIntervalBytes: undefined, findingsPerFile: 100, maxBatchBytes: 1_000_000 };
const LOG = join(FIXTURES, 'clean', 'f-none-0', '00000000000000001131.log');

const segment: VerifyTask = {
  kind: 'segment',
  files: {
    ...{ log: LOG, index: undefined, timeIndex: undefined, baseOffset: 1131 },
    ...{ isComplete: false, isLeaving: false, isLive: false },
  },
};

it('a thread that dies fails its own task, and another does the next', async () => {
  let bytes = 0;
  const threads = new WorkerPool(1, SETTINGS, (more) => (bytes += more));
  // No task at all is what no thread is ready for.
  const [lost, ...done] = await Promise.all([
    threads.run(undefined as unknown as VerifyTask),
    threads.run(segment),
    threads.run(segment),
  ]);
  threads.close();
  expect(lost).toMatchObject({ findings: [], failure: { code: 'INTERNAL' } });
  expect(lost.failure?.message).toMatch(/^the thread that verified this died: /);
  for (const result of done)
    expect(result).toMatchObject({ failure: undefined, findings: [], batches: expect.any(Number) });
  expect(bytes).toBe(2 * 119_709);
});

it('urgent tasks come before those that wait', async () => {
  const threads = new WorkerPool(1, SETTINGS, () => undefined);
  const order: string[] = [];
  const note = (name: string) => (): void => void order.push(name);
  await Promise.all([
    threads.run(segment).then(note('first')),
    threads.run(segment).then(note('second')),
    threads.run(segment, true).then(note('urgent')),
  ]);
  threads.close();
  expect(order).toEqual(['first', 'urgent', 'second']);
});
