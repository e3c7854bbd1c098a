/** What axe-core says of the page, and that no chart is for eyes alone. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { FIXTURES } from '../../support/fixtures.ts';
import { damagedDirectory, hostilePartition, scratchOfFile } from './logs.ts';
import { makeReport, type Open, withChromium } from './browser.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const root = scratchOfFile();
const pages: readonly (readonly [string, string])[] = [
  ['a damaged log directory', makeReport(damagedDirectory(root), `${root}/damaged.html`)],
  ['a partition', makeReport(join(FIXTURES, 'clean', 'f-txn-0'), `${root}/partition.html`)],
  ['hostile records', makeReport(await hostilePartition(root), `${root}/hostile.html`)],
];

/** Violations, each with the elements that have them. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const results = await page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { axe: typeof axe };
    return run.run(document, { resultTypes: ['violations'] });
  });
  return results.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, any }) => `${id}: ${html} ${any[0]?.message ?? ''}`),
  );
}

/** Opens every part that opens; what is in it is made a moment later. */
async function openEverything(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true;
  });
  await page.waitForFunction(() => [...document.querySelectorAll('details')].every((one) => one.childElementCount > 1));
}

function tests(open: Open): void {
  describe.each(['light', 'dark'] as const)('%s', (colorScheme) => {
    it.each(pages)('%s has no violation', async (_, file) => {
      const { page } = await open(file, { colorScheme });
      expect(await violations(page)).toEqual([]);
      await openEverything(page);
      expect(await violations(page)).toEqual([]);
    });

    it('nor has a narrow page', async () => {
      const { page } = await open(pages[0]?.[1] ?? '', { colorScheme, width: 360 });
      await openEverything(page);
      expect(await violations(page)).toEqual([]);
    });
  });

  it('would tell of one', async () => {
    const { page } = await open(pages[1]?.[1] ?? '');
    await page.evaluate(() => {
      const image = document.createElement('img');
      const quiet = document.createElement('p');
      quiet.textContent = 'hardly to be seen';
      quiet.style.color = '#eee';
      document.querySelector('main')?.append(image, quiet);
    });
    const found = (await violations(page)).join('\n');
    expect(found).toMatch(/image-alt/);
    expect(found).toMatch(/color-contrast/);
  });

  it('every chart has a name, a sentence and a table with its numbers', async () => {
    const { page } = await open(pages[1]?.[1] ?? '');
    const figures = await page.locator('figure').all();
    expect(figures.length).toBe(6);
    for (const figure of figures) {
      expect(await figure.locator('figcaption span').innerText()).toMatch(/\d.*\.$/);
      expect(await figure.locator('.plot').getAttribute('aria-label')).toMatch(/Arrow keys/);
      expect(await figure.locator('canvas').count()).toBe(1);
      await figure.locator('summary').click();
      // It is made when it is opened, a moment later.
      await figure.locator('tbody tr').first().waitFor();
    }
  });
}

describe('for everybody', () => {
  withChromium(tests);
});
