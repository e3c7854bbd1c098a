/**
 * `npm run docs:findings`: writes the page of every finding code into docs/inspector.md, between two marks, from the
 * catalogue in src/inspect/findings. Takes the catalogue from dist/: build first. test/docs/finding-pages.test.ts holds the
 * file to it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const DOCUMENT = path.resolve(fileURLToPath(new URL('../docs/inspector.md', import.meta.url)));
const BEGIN = '<!-- finding codes: written by `npm run docs:findings` -->';
const END = '<!-- end of finding codes -->';
const SEVERITIES = ['error', 'warning', 'info'];

/**
 * The pages, in Markdown: a table of all codes, and a section for each.
 *
 * @param {Readonly<Record<string, import('../src/inspect/findings/page.ts').FindingPage>>} catalogue
 * @returns {string}
 */
export function pagesOf(catalogue) {
  const codes = Object.keys(catalogue).sort();
  const bySeverity = SEVERITIES.flatMap((severity) => codes.filter((code) => catalogue[code].severity === severity));
  const rows = bySeverity.map(
    (code) => `| [\`${code}\`](#${code.toLowerCase()}) | ${catalogue[code].severity} | ${catalogue[code].title} |`,
  );
  const pages = codes.map((code) => {
    const { severity, title, meaning, causes, action } = catalogue[code];
    return `### ${code}\n\n**${title}** (${severity}). ${meaning}\n\n*How it comes:* ${causes}\n\n*What to do:* ${action}.\n`;
  });
  return ['| code | severity | |', '|---|---|---|', ...rows, '', ...pages].join('\n');
}

/**
 * The document with `pages` between its marks.
 *
 * @param {string} document
 * @param {string} pages
 * @returns {string}
 */
export function withPages(document, pages) {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`${DOCUMENT} lacks its marks:\n${BEGIN}\n${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${pages}\n${document.slice(end)}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { CATALOGUE } = await import('../dist/inspect/findings/catalogue.js');
  writeFileSync(DOCUMENT, withPages(readFileSync(DOCUMENT, 'utf8'), pagesOf(CATALOGUE)));
}
