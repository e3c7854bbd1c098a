/** Records, names and findings that mean harm are text on the page. */
import { describe, expect, it } from 'vitest';
import { HOSTILE, hostilePartition, scratchOfFile } from './logs.ts';
import { makeReport, type Open, withChromium } from './browser.ts';

const root = scratchOfFile();
const file = makeReport(await hostilePartition(root), `${root}/report.html`);

function tests(open: Open): void {
  it('makes no element of them, and runs nothing', async () => {
    const { page, problems } = await open(file);
    for (const summary of await page.locator('details > summary').all()) await summary.click();
    const made = await page.evaluate(() =>
      ['img', 'b', 'i', 'u', 'iframe', 'object'].map((tag) => document.getElementsByTagName(tag).length),
    );
    expect(made).toEqual([0, 0, 0, 0, 0, 0]);
    expect(await page.locator('script').count()).toBe(2);
    expect(problems).toEqual([]);
  });

  it('shows each as it is, with what hides in it made visible', async () => {
    const { page } = await open(file);
    const rows = await page.locator('#record-list summary').allInnerTexts();
    expect(rows).toHaveLength(HOSTILE.length + 1);
    const shown = rows.join('\n');
    expect(shown).toContain('<img src=x onerror=alert(1)><script>alert(2)</script>');
    expect(shown).toContain('</script><script>alert(3)</script><!--');
    expect(shown).toContain('\\e[31mred\\e[0m\\x9b2J\\x07');
    expect(shown).toContain('abc\\u{202e}dcba\\u{202c} \\u{2066}x\\u{2069}');
    expect(shown).toContain('one\\ntwo\\r\\n\\u{2028}three');
    expect(shown).toContain('00 01 02 ff fe 80');
    expect(shown).toContain('ed a0 80');
    expect(shown).toContain('<b>html</b>');
    // Nothing that turns the direction of writing is left on the page.
    const text = await page.evaluate(() => document.body.textContent);
    expect(text).not.toMatch(/[\u001b\u009b\u202a-\u202e\u2066-\u2069]/);
  });

  it('names the directory in its title and heading without harm', async () => {
    const { page } = await open(file);
    expect(await page.title()).toBe('<img src=x onerror=alert(7)>\\u202e-0 · seglog report');
    expect(await page.locator('h1').innerText()).toBe('<img src=x onerror=alert(7)>\\u{202e}-0');
  });

  it('finds them by what they are', async () => {
    const { page } = await open(file);
    const rows = page.locator('#record-list li');
    for (const [query, count] of [
      ['</script>', 3],
      ['ff fe', 1],
      ['\u202e', HOSTILE.length],
    ] as const) {
      await page.locator('#record-search').fill(query);
      expect([query, await rows.count()]).toEqual([query, count]);
    }
    await page.locator('#record-search').fill('');
    await page.locator('#record-kind').selectOption('tombstones');
    expect(await rows.count()).toBe(1);
    await page.locator('#record-kind').selectOption('binary');
    expect(await rows.count()).toBe(2);
  });
}

describe('hostile values', () => {
  withChromium(tests);
});
