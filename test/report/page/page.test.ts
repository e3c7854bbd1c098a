/** The page of a damaged log directory, used as a reader uses it. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { damagedDirectory, scratchOfFile } from './logs.ts';
import { makeReport, type Open, withChromium } from './browser.ts';

const root = scratchOfFile();
const file = makeReport(damagedDirectory(root), `${root}/report.html`, ['--at', '2026-11-22T00:00:00Z']);

/** Text of the first element. */
function text(page: Page, selector: string): Promise<string> {
  return page.locator(selector).first().innerText();
}

function background(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

/** Where the top of an element is in the window. */
async function topOf(page: Page, selector: string): Promise<number> {
  return (await page.locator(selector).boundingBox())?.y ?? Number.NaN;
}

function tests(open: Open): void {
  it('opens without a request, an error or a warning, whatever is pressed', async () => {
    const { page, problems } = await open(file);
    await page.locator('#theme').click();
    for (const summary of await page.locator('details > summary').all()) await summary.click();
    await page.locator('#picker').selectOption('1');
    expect(problems).toEqual([]);
    expect(await page.title()).toBe('kafka-logs · seglog report');
  });

  it('forbids everything but its own script and style', async () => {
    const { page, problems } = await open(file);
    const policy = await page.locator('meta[http-equiv]').getAttribute('content');
    expect(policy).toMatch(/^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
    await page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      document.body.append(script);
    });
    expect(await page.title()).not.toBe('ran');
    expect(problems.join()).toMatch(/Content.Security.Policy/i);
  });

  it('tells the faults first, and shows the partition that has them', async () => {
    const { page } = await open(file);
    expect(await text(page, '.verdict')).toMatch(/^[1-9]\d* errors?, [1-9]\d* warnings?, \d+ info\.$/);
    expect(await page.locator('#picker option:checked').innerText()).toBe('f-none-0');
  });

  it('leads from a finding to its segment, and back', async () => {
    const { page } = await open(file);
    const finding = page.locator('#finding-list li', { hasText: 'INDEX_MISSING' }).first();
    await finding.locator('summary').click();
    expect(await finding.locator('.facts').innerText()).toMatch(/What to do/);
    await finding.getByRole('button', { name: 'Show the segment' }).click();
    expect(await page.locator('#picker option:checked').innerText()).toBe('f-lz4-0');
    expect(await text(page, '#segment')).toMatch(/^Segment 0: .*1 fault/);
    await expect.poll(() => topOf(page, '#segments')).toBeLessThan(120);
    await page.locator('#segment').getByRole('button', { name: 'What was found' }).click();
    expect(await page.locator('#finding-list li').count()).toBe(1);
    expect(await text(page, '#findings [role=status]')).toBe('1 finding about segment 0.');
    await page.getByRole('button', { name: 'Show all' }).click();
    expect(await page.locator('#finding-list li').count()).toBeGreaterThan(1);
  });

  it('filters findings by severity', async () => {
    const { page } = await open(file);
    const all = await page.locator('#finding-list li').count();
    await page.getByLabel(/^error/).uncheck();
    const rest = await page.locator('#finding-list li').count();
    expect(rest).toBeLessThan(all);
    expect(await page.locator('#finding-list .badge.error').count()).toBe(0);
  });

  it('finds records by what is in them, and marks it', async () => {
    const { page } = await open(file);
    const rows = page.locator('#record-list li');
    const before = await text(page, '#record-count');
    const wanted = (await text(page, '#record-list .key')).trim();
    await page.locator('#record-search').fill(wanted);
    expect(await text(page, '#record-count')).not.toBe(before);
    const count = await rows.count();
    expect(count).toBeGreaterThan(0);
    expect(await page.locator('#record-list mark').count()).toBeGreaterThan(0);
    await page.locator('#record-search').fill('no record has this in it');
    expect(await rows.count()).toBe(0);
    expect(await text(page, '#record-count')).toMatch(/^0 of /);
    await page.locator('#record-search').fill('');
    expect(await text(page, '#record-count')).toBe(before);
  });

  it('shows a record in full when it is opened', async () => {
    const { page } = await open(file);
    await page.locator('#record-list summary').first().click();
    expect(await text(page, '#record-list .facts')).toMatch(/Key, \d+ B[^]*Value[^]*Batch[^]*segment \d+, byte/);
  });

  it('changes its colours at a press, charts included, and follows the system until then', async () => {
    const { page, problems } = await open(file, { colorScheme: 'dark' });
    const dark = await background(page);
    expect(await page.locator('#theme').getAttribute('aria-pressed')).toBe('true');
    await page.locator('#theme').click();
    const light = await background(page);
    expect(light).not.toBe(dark);
    expect(await page.locator('#theme').getAttribute('aria-pressed')).toBe('false');
    expect(await page.locator('.u-over').count()).toBeGreaterThan(5);
    expect(problems).toEqual([]);
  });

  it('shows another partition when it is asked for', async () => {
    const { page } = await open(file);
    await page.locator('#partitions').getByRole('button', { name: 'f-zstd-0' }).click();
    expect(await page.locator('#picker option:checked').innerText()).toBe('f-zstd-0');
    expect(await text(page, '#compression table')).toMatch(/^zstd/m);
    await page.locator('#picker').selectOption('-1');
    expect(await page.locator('#records').count()).toBe(0);
    expect(await page.locator('nav a').allInnerTexts()).not.toContain('Records');
  });

  it('fits a phone: nothing sticks out of the window', async () => {
    const { page } = await open(file, { width: 360 });
    for (const summary of await page.locator('#record-list summary, #finding-list summary').all())
      await summary.click();
    for (const summary of await page.locator('.chart summary').all()) await summary.click();
    const sticking = await page.evaluate(() => {
      const width = document.documentElement.clientWidth;
      return [document.documentElement.scrollWidth - width, document.body.scrollWidth - width];
    });
    expect(sticking).toEqual([0, 0]);
  });
}

describe('the page of a log directory', () => {
  withChromium(tests);
});
