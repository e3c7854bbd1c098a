/**
 * `kill -9` at each change of files that a store makes while it writes its checkpoints and closes: every checkpoint is the old one
 * or the new one, the mark of a clean stop is there only when it is true, and no record is lost.
 */
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Log, Store, type StoreOptions } from '../../src/index.ts';
import { killAtEach, leftoversIn } from '../support/kill-at.ts';
import { scratch } from '../support/temp.ts';
import { valuesOf } from './support.ts';

const RECORDS = 12;
const START = 5;
const KEYS = 2;
const CONFIG: StoreOptions = { segmentBytes: 200, fileDeleteDelayMs: 1000, retentionMs: -1, periodicCleaning: false };
const MARK = '.kafka_cleanshutdown';

/** A log start, a high watermark, a recovery point and a cleaner offset that are new, and a clean stop. */
const PROGRAM = `
  import { readFileSync } from 'node:fs';
  const { ManualClock, Store } = await import(library);
  const [directory, at] = process.argv.slice(2);
  const clock = new ManualClock(1_000_000);
  const logs = directory + '/logs';
  const store = await Store.open(logs, { ...${JSON.stringify(CONFIG)}, periodicCleaning: true, clock });
  const log = store.partition('d', 0);
  await log.append({ value: '${RECORDS}', timestamp: 1 });
  await log.flush();
  dieAt(Number(at));
  await log.deleteRecordsBefore(${START});
  const line = (name, text) => readFileSync(logs + '/' + name, 'utf8').includes(text);
  const until = async (isSo) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  clock.advance(5000);
  await until(() => line('replication-offset-checkpoint', 'd 0 ${RECORDS + 1}'));
  clock.advance(10_000);
  await until(() => /c 0 [1-9]/.test(readFileSync(logs + '/cleaner-offset-checkpoint', { encoding: 'utf8', flag: 'a+' })));
  clock.advance(60_000);
  await until(() => line('recovery-point-offset-checkpoint', 'd 0'));
  await store.close();
`;

async function model(): Promise<string> {
  const directory = scratch();
  const store = await Store.open(join(directory, 'logs'), CONFIG);
  await store.createTopic({ name: 'd' });
  await store.createTopic({ name: 'c', config: { cleanupPolicy: ['compact'] } });
  for (let i = 0; i < RECORDS; i++) {
    await store.partition('d', 0).append({ value: `${i}`, timestamp: 1 });
    await store.partition('c', 0).append({ key: `k${i % KEYS}`, value: `${i}`, timestamp: 1 });
  }
  await store.close();
  return directory;
}

/** A mark says that nothing has to be recovered: recovering all the same must not find anything. */
async function checkMark(logs: string, at: string): Promise<void> {
  const unmarked = join(scratch(), 'logs');
  cpSync(logs, unmarked, { recursive: true });
  rmSync(join(unmarked, MARK));
  for (const name of ['c-0', 'd-0']) {
    const log = await Log.open(join(unmarked, name), { segmentBytes: 200, retentionMs: -1 });
    expect(log.status().recovery?.cuts, at).toEqual([]);
    expect(log.logEndOffset, at).toBe(name === 'c-0' ? RECORDS : RECORDS + 1);
    await log.close();
  }
}

test('F10: all old or all new, and a mark that does not lie', { timeout: 400_000 }, async () => {
  const seen = { starts: new Set<number>(), marks: new Set<boolean>(), cleaned: new Set<boolean>() };
  const changes = await killAtEach({
    model: await model(),
    program: PROGRAM,
    check: async (directory, at, isWhole) => {
      const logs = join(directory, 'logs');
      const isMarked = existsSync(join(logs, MARK));
      seen.marks.add(isMarked);
      if (isWhole) expect(isMarked, at).toBe(true);
      if (isMarked) await checkMark(logs, at);
      const store = await Store.open(logs, CONFIG);
      const { problems, troubled } = store.status();
      expect({ problems, troubled }, at).toEqual({ problems: [], troubled: [] });
      const [deleted, compacted] = [store.partition('d', 0), store.partition('c', 0)];
      seen.starts.add(deleted.logStartOffset);
      expect(isWhole ? [START] : [0, START], at).toContain(deleted.logStartOffset);
      const numbers = Array.from({ length: RECORDS + 1 }, (_, i) => `${i}`);
      expect(await valuesOf(deleted), at).toEqual(numbers.slice(deleted.logStartOffset));
      const kept = await valuesOf(compacted);
      seen.cleaned.add(kept.length < RECORDS);
      expect(kept.slice(-KEYS), at).toEqual([`${RECORDS - 2}`, `${RECORDS - 1}`]);
      expect(compacted.logEndOffset, at).toBe(RECORDS);
      await store.close();
      expect(readFileSync(join(logs, MARK), 'utf8'), at).toBe('{"version":0,"brokerEpoch":9}');
      expect(leftoversIn(logs), at).toEqual([]);
    },
  });
  expect(changes).toBeGreaterThan(40);
  expect(seen).toEqual({ starts: new Set([0, START]), marks: new Set([false, true]), cleaned: new Set([false, true]) });
});
