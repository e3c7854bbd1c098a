/** What a killed broker leaves is told of as what it is: space set aside, nothing lost. And old formats are no fault. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { brief, verifyPaths } from './support.ts';

it('after kill -9, the active segments of a broker have untrimmed indexes, and no .log has a fault', async () => {
  const { findings } = await verifyPaths([join(FIXTURES, 'unclean')]);
  const ofSegments = findings.filter(
    ({ file, severity }) => severity !== 'info' && /\.(log|index|timeindex)$/.test(file),
  );
  expect(new Set(ofSegments.map(({ code }) => code))).toEqual(new Set(['INDEX_UNTRIMMED']));
  const logs = readdirSync(join(FIXTURES, 'unclean'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // One .index and one .timeindex each.
  expect(ofSegments).toHaveLength(2 * logs.length);
});

const LEGACY = readdirSync(join(FIXTURES, 'legacy'));

it.each(LEGACY)('segments of %s are read with the messages inside, and only their indexes are missed', async (name) => {
  const { findings, totals } = await verifyPaths([join(FIXTURES, 'legacy', name)]);
  const ofSegments = findings.filter(({ file }) => /\.(log|index|timeindex)$/.test(file));
  expect(brief(ofSegments)).toEqual([
    'warning INDEX_MISSING 00000000000000000000.index -',
    'warning INDEX_MISSING 00000000000000000000.timeindex -',
  ]);
  expect(totals.records).toBeGreaterThan(100);
});
