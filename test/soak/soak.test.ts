/** `npm run soak`, for a few seconds: nothing grows, nothing is lost, and a full disk is recovered from. No times are judged. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { growth } from '../../scripts/lib/growth.mjs';
import { tool } from '../../scripts/lib/run.mjs';
import { defaultEngine } from '../../src/engine/select.ts';
import { scratch } from '../support/temp.ts';

const SOAK = fileURLToPath(new URL('../../scripts/soak.mjs', import.meta.url));

test('F16: a store under load grows by no descriptors or mappings, keeps every key, and goes on behind a full disk', async () => {
  const { code, output, stdout } = await tool(SOAK, ['--minutes', '0.06', '--rate', '50', '--dir', scratch()]);
  expect(code, output).toBe(0);
  const report = JSON.parse(stdout) as Record<string, unknown>;
  expect(report).toMatchObject({ engine: defaultEngine().name, keysAreThere: true, problems: [] });
  if (report['diskFilledWith'] === undefined) console.warn('SKIPPED: the full disk: no tmpfs can be mounted here');
  else expect(report['diskFilledWith']).toBeGreaterThan(500);
});

test('what grows is found, and what only moves is not', () => {
  const samples = (valueAt: (n: number) => number) =>
    Array.from({ length: 60 }, (_, n) => ({ atMs: n * 100, handles: valueAt(n) }));
  const handles = (one: { handles: number }): number => one.handles;
  expect(
    growth(
      samples((n) => n),
      handles,
    ),
  ).toBeCloseTo(35);
  expect(
    Math.abs(
      growth(
        samples((n) => 50 + (n % 5)),
        handles,
      ),
    ),
  ).toBeLessThan(2);
  // A warm-up does not count.
  expect(
    growth(
      samples((n) => Math.min(n, 20)),
      handles,
    ),
  ).toBeCloseTo(0);
});
