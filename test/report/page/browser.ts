/// <reference lib="dom" />
/** Pages of reports in a real browser: headless Chromium, without a network. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, test } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];
/** A machine that does other work takes long to start a browser, and to scroll. */
const PATIENCE_MS = 120_000;
const DESKTOP = { width: 1200, height: 900 };

/** A page that is open. */
export interface Opened {
  readonly page: Page;
  /** What should not be: errors and warnings on the console, exceptions, dialogs, requests for anything but the page. */
  readonly problems: readonly string[];
}

/** Opens a file. Call it from tests. */
export type Open = (file: string, options?: { width?: number; colorScheme?: 'light' | 'dark' }) => Promise<Opened>;

function executable(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * Defines tests that need a browser. Where there is none, one test says aloud why it is skipped; where there must be
 * (SEGLOG_REQUIRE_CHROMIUM=1), the file fails.
 */
export function withChromium(define: (open: Open) => void): void {
  const path = executable();
  if (path !== undefined) return defineIn(path, define);
  const reason = `no browser: none of ${NAMES.join(', ')} is installed`;
  if (process.env['SEGLOG_REQUIRE_CHROMIUM'] === '1') throw new Error(reason);
  process.stderr.write(`skipped, pages cannot be opened here: ${reason}\n`);
  test('opens pages in Chromium', ({ skip }) => skip(reason));
}

function defineIn(path: string, define: (open: Open) => void): void {
  let browser: Browser | undefined;
  beforeAll(async () => {
    // The sandbox needs rights that a container does not give; only pages of our own are opened.
    browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox'], timeout: PATIENCE_MS });
  });
  afterAll(async () => {
    await browser?.close();
  });
  define(async (file, options) => {
    if (browser === undefined) throw new Error('the browser did not start');
    return openIn(browser, file, options);
  });
}

async function openIn(browser: Browser, file: string, options: Parameters<Open>[1] = {}): Promise<Opened> {
  const { width = DESKTOP.width, colorScheme = 'light' } = options;
  const context = await browser.newContext({ viewport: { ...DESKTOP, width }, colorScheme, offline: true });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const url = pathToFileURL(file).href;
  const problems: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`exception: ${error.message}`));
  page.on('dialog', (dialog) => {
    problems.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    const isOwn = request.url().split('#')[0] === url || request.url() === 'data:,';
    if (!isOwn) problems.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  await page.waitForSelector('.u-over');
  return { page, problems };
}

/** Makes a report with the built command; findings are no failure. */
export function makeReport(directory: string, file: string, args: readonly string[] = []): string {
  const all = [MAIN, 'report', directory, '-o', file, '--threads', '0', ...args];
  try {
    execFileSync(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    const { status, stderr } = error as { status: number; stderr: Buffer };
    if (status !== 1) throw new Error(`seglog report ended with ${status}: ${stderr.toString()}`, { cause: error });
  }
  return file;
}
