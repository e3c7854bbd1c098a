/** Some of the lives of test/store/model-histories.test.ts on real files, with compaction on worker threads: the built library's. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Store as SourceStore } from '../../src/index.ts';
import { fuzzPlan } from '../support/random.ts';
import { historyOf, runHistory } from '../support/store-model-history.ts';
import { scratch } from '../support/temp.ts';

const BUILT = new URL('../../dist/index.js', import.meta.url).href;
const { Store } = (await import(BUILT)) as { Store: typeof SourceStore };

test('stores on real files, with worker threads that clean, hold what the model says', async () => {
  const { seed, cases } = fuzzPlan(8);
  for (let at = 0; at < cases; at++) {
    const root = scratch();
    const directories = [join(root, 'one'), join(root, 'two')];
    const files = { directories, open: Store.open.bind(Store) };
    expect(await runHistory(historyOf(seed + at, 40, 0), files), `seed ${seed + at}`).toBeUndefined();
  }
});
