/**
 * `npm run docs:report`: the pictures of docs/report.md, taken anew of Kafka's own files (fixtures), one of them damaged. Needs
 * Chromium.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { inProject, say } from './lib/project.mjs';
import { tool } from './lib/run.mjs';
import { setup } from './setup.mjs';

const NOW = '2026-11-22T00:00:00Z';
const folder = inProject('docs', 'report');

/** A log directory with a bit turned in one partition and an index missing in another. */
function damagedCopy(scratch) {
  const directory = path.join(scratch, 'kafka-logs');
  cpSync(inProject('fixtures', 'kafka-4.3.1', 'clean'), directory, { recursive: true, preserveTimestamps: true });
  const partition = path.join(directory, 'f-none-0');
  const name = readdirSync(partition).filter((file) => file.endsWith('.log'))[1];
  const bytes = readFileSync(path.join(partition, name));
  bytes[100] ^= 1;
  writeFileSync(path.join(partition, name), bytes);
  rmSync(path.join(directory, 'f-lz4-0', '00000000000000000000.index'));
  return directory;
}

async function takePictures(file) {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const shoot = async (name, { width = 1120, height = 900, colorScheme = 'light', prepare }) => {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme, offline: true });
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector('.u-over');
    await prepare?.(page);
    await page.evaluate(() => new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume))));
    await page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
    await page.close();
  };
  const to = (id) => (page) =>
    page.evaluate((at) => document.getElementById(at).scrollIntoView({ behavior: 'instant' }), id);
  await shoot('overview', {});
  await shoot('segments', { prepare: to('segments') });
  await shoot('growth-dark', { colorScheme: 'dark', prepare: to('growth') });
  await shoot('records-dark', {
    colorScheme: 'dark',
    prepare: async (page) => {
      await page.locator('#record-search').fill('7');
      await page.locator('#record-list summary').first().click();
      await to('records')(page);
    },
  });
  await shoot('phone', { width: 390, height: 844 });
  await browser.close();
}

const { ok } = await setup();
if (!ok) process.exit(1);
const scratch = mkdtempSync(path.join(os.tmpdir(), 'seglog-report-'));
const directory = damagedCopy(scratch);
const file = path.join(scratch, 'report.html');
const cli = inProject('dist', 'cli', 'main.js');
// Named from within its folder: the pictures tell no path of this machine.
const { output } = await tool(cli, ['report', path.basename(directory), '-o', file, '--at', NOW], { cwd: scratch });
say(output.trimEnd());
await takePictures(file);
rmSync(scratch, { recursive: true });
