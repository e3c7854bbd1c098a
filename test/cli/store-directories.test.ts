/** What the commands that change topics leave alone. */
import { afterEach, expect, test, vi } from 'vitest';
import { withStore } from '../../src/cli/store-directories.ts';
import { Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

afterEach(() => void vi.useRealTimers());

test('a command that runs for long deletes and compacts nothing: it was not told how long records are kept', async () => {
  const directory = scratch();
  const old = Date.now() - 30 * 86_400_000;
  const keeping = await Store.open(directory, { retentionMs: -1 });
  await keeping.createTopic({ name: 'kept', config: { segmentBytes: 200 } });
  await keeping.createTopic({ name: 'keyed', config: { segmentBytes: 200, cleanupPolicy: ['compact'] } });
  for (let i = 0; i < 9; i++) {
    for (const name of ['kept', 'keyed']) {
      await keeping.partition(name, 0).append({ key: 'k', value: 'x'.repeat(60), timestamp: old });
    }
  }
  const segmentsOf = (store: Store): unknown => ['kept', 'keyed'].map((name) => store.partition(name, 0).segments());
  const before = segmentsOf(keeping);
  await keeping.close();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  await withStore([directory], async (store) => {
    vi.advanceTimersByTime(600_000);
    // The work is done in turns of the event loop that no clock counts.
    for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(segmentsOf(store)).toEqual(before);
  });
});
