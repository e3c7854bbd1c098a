/** The page without a mouse. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { damagedDirectory, scratchOfFile } from './logs.ts';
import { makeReport, type Open, withChromium } from './browser.ts';

const root = scratchOfFile();
const file = makeReport(damagedDirectory(root), `${root}/report.html`);

/** What has the focus, in a word or two. */
function focused(page: Page): Promise<string> {
  return page.evaluate(() => {
    const { activeElement: at } = document;
    if (at === null || at === document.body) return '';
    const name = at.getAttribute('aria-label') ?? at.textContent;
    return `${at.tagName.toLowerCase()}#${at.id} ${name.slice(0, 40)}`;
  });
}

function tests(open: Open): void {
  it('is walked from the first control to the last, and each shows where one is', async () => {
    const { page } = await open(file);
    const seen: string[] = [];
    for (let step = 0; step < 400; step++) {
      await page.keyboard.press('Tab');
      const at = await focused(page);
      if (at === '') break;
      seen.push(at);
      const outline = await page.evaluate(() => getComputedStyle(document.activeElement ?? document.body).outlineStyle);
      expect([at, outline]).toEqual([at, 'solid']);
    }
    const walked = seen.join('\n');
    for (const wanted of [
      /^button#theme /m,
      /^a# Findings/m,
      /^select#picker /m,
      /^input#record-search /m,
      /^div# Segments\. /m,
    ])
      expect(walked).toMatch(wanted);
    expect(seen.length).toBeLessThan(400);
  });

  it('reads charts place by place, with arrow keys', async () => {
    const { page } = await open(file);
    const figure = page.locator('#growth figure').first();
    await figure.locator('.plot').focus();
    await page.keyboard.press('Home');
    const first = await figure.locator('[aria-live]').innerText();
    await page.keyboard.press('ArrowRight');
    const second = await figure.locator('[aria-live]').innerText();
    expect(first).toMatch(/: [\d.]+ k?M?B$/);
    expect(second).not.toBe(first);
    expect(await figure.locator('.reading').innerText()).toBe(second);
    await page.keyboard.press('ArrowLeft');
    expect(await figure.locator('[aria-live]').innerText()).toBe(first);
  });

  it('keeps a segment with the enter key', async () => {
    const { page } = await open(file);
    await page.locator('#segments .plot').focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    expect(await page.locator('#segment').innerText()).toMatch(/^Segment \d+: offsets/);
  });

  it('goes from record to record with the arrow keys, and opens one with enter', async () => {
    const { page } = await open(file);
    const summaries = page.locator('#record-list summary');
    await summaries.first().focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    // What is in it is made a moment later.
    await page.locator('#record-list li').nth(1).locator('.facts').waitFor();
    expect(await page.locator('#record-list .facts').count()).toBe(1);
    await page.keyboard.press('End');
    expect(await summaries.last().evaluate((element) => element === document.activeElement)).toBe(true);
  });
}

describe('the page by keyboard', () => {
  withChromium(tests);
});
