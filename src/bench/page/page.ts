/**
 * A page in one file: no script, no font, no picture from elsewhere, so that it can be mailed and opened years later.
 * Charts are SVG within it.
 */
import { escapeHtml } from './html.ts';

/** A part of a page. */
export interface PagePart {
  readonly title: string;
  /** Made by the functions of html.ts and the charts: it goes into the page as it is. */
  readonly html: string;
}

/** What a page holds. */
export interface PageContent {
  readonly title: string;
  /** A sentence or two under the title. */
  readonly lead: string;
  readonly parts: readonly PagePart[];
}

/** Light and dark as the reader's system has it; the charts take their colours from here. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --quiet: #667085; --line: #d5dae1; --paper: #fff; --soft: #f4f6f8;
  --c0: #2563b0; --c1: #d1622b; --c2: #2d8a57; --c3: #8b4fb3; --c4: #b8902a; --c5: #3d9aa8; --c6: #b0395f; --c7: #5d6673; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --quiet: #98a2b3; --line: #3a4452; --paper: #14181f; --soft: #1d232c;
  --c0: #6aa5ee; --c1: #f0945f; --c2: #66c18e; --c3: #c08ee3; --c4: #dfbb5c; --c5: #74c8d4; --c6: #e67a9c; --c7: #a5afbd; } }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.2rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; display: block; overflow-x: auto; }
th, td { padding: .2rem .7rem .2rem 0; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
td.number, th.number { text-align: right; }
pre { background: var(--soft); padding: .7rem; overflow-x: auto; font-size: 12.5px; max-height: 24rem; }
svg { max-width: 100%; height: auto; margin: .6rem 0; }
svg text { fill: var(--ink); font: 12px system-ui, sans-serif; } svg .title { font-weight: 600; } svg .quiet { fill: var(--quiet); }
svg .grid { stroke: var(--line); } svg .whisker { stroke: var(--ink); stroke-width: 1.5; }
`.trim();

/** The whole page. */
export function page({ title, lead, parts }: PageContent): string {
  const sections = parts.map((part) => `<section><h2>${escapeHtml(part.title)}</h2>\n${part.html}\n</section>`);
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeHtml(title)}</h1>\n<p>${escapeHtml(lead)}</p>`,
    ...sections,
    '</body></html>',
    '',
  ].join('\n');
}
