/** Moments on the command line. */
import { expect, test } from 'vitest';
import { parseMoment } from '../../../src/cli/explain/moment.ts';

const NOW = 1_795_219_200_000;

test.each([
  ['1795219200000', NOW],
  ['2026-11-21', NOW],
  ['2026-11-21T00:00', NOW],
  ['2026-11-21 00:00:00.5', NOW + 500],
  ['2026-11-21T00:00:00Z', NOW],
  ['2026-11-21T01:00:00+01:00', NOW],
  ['-1', -1],
])('%j is a moment', (text, ms) => {
  expect(parseMoment(text)).toBe(ms);
});

test.each(['2026-13-45', '12:00', '', 'yesterday', '99999999999999999999', '2026-11-21T00:00:00X', '2026-11-21T25:00'])(
  '%j is none',
  (text) => {
    expect(() => parseMoment(text)).toThrow('expected milliseconds since 1970 or a time such as');
  },
);
