/**
 * The page: one file with its data, its script and its style, of a size that is bounded whatever it is about. A policy in it
 * forbids everything else, so that nothing is loaded from anywhere, and nothing in the data can run.
 */
import { createHash } from 'node:crypto';
import { SeglogError } from '../errors/errors.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { ReportModel } from './contract.ts';
import { smaller } from './fit.ts';
import { scriptJson } from './script-json.ts';

/** What the build makes of `page/`, and the licence of what is in it. */
export interface PageAssets {
  readonly script: string;
  readonly style: string;
}

/** Every page has fewer bytes. */
const PAGE_BYTES = 1_000_000;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeHtml(text: string): string {
  return printable(text).replaceAll(/[&<>"]/g, (found) => ENTITIES[found] ?? found);
}

/** What a policy says of an inline script or style. */
function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/**
 * The document, in less than a megabyte: where the model is too large for that, the page shows less and says so.
 *
 * @throws SeglogError `INTERNAL` for assets that cannot stand in a page
 */
export function reportPage(model: ReportModel, assets: PageAssets): string {
  let page = documentOf(model, assets);
  let shown = smaller(model);
  for (; shown !== undefined && Buffer.byteLength(page) >= PAGE_BYTES; shown = smaller(shown))
    page = documentOf(shown, assets);
  return page;
}

function documentOf(model: ReportModel, { script, style }: PageAssets): string {
  if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) {
    throw new SeglogError('INTERNAL', 'the script or the style of the page would end before its end');
  }
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    // The empty icon below: without one a browser asks the server for its own.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">',
    `<title>${escapeHtml(model.title)} · seglog report</title><link rel="icon" href="data:,">`,
    `<style>${style}</style></head><body>`,
    '<noscript><p>This report draws itself with the script that it carries: allow scripts to see it.</p></noscript>',
    `<script type="application/json" id="model">${scriptJson(model)}</script>`,
    `<script>${script}</script></body></html>`,
    '',
  ].join('\n');
}
