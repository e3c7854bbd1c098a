/** Writes docs/benchmarks.md and docs/benchmarks.html from the newest results. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inProject, root } from '../../scripts/lib/project.mjs';
import { measuredText, placeMeasured } from './document.mjs';
import { pageHtml } from './page.mjs';
import { newestResults } from './results.mjs';

const KIT = ['page', 'html', 'bar-chart', 'line-chart'];

/** What pages are made of: the library's own functions, as built. */
async function loadKit() {
  const modules = KIT.map((name) => import(new URL(`../../dist/bench/page/${name}.js`, import.meta.url).href));
  return Object.assign({}, ...(await Promise.all(modules)));
}

/** From `results` to `docs`; answers the files that were written. */
export async function render({ results, docs }) {
  const found = newestResults(results);
  const written = path.join(docs, 'benchmarks.md');
  const template = existsSync(written) ? written : inProject('docs', 'benchmarks.md');
  const files = {
    [written]: placeMeasured(readFileSync(template, 'utf8'), measuredText(found)),
    [path.join(docs, 'benchmarks.html')]: pageHtml(found, await loadKit()),
  };
  mkdirSync(docs, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(file, text);
  return Object.keys(files).map((file) => (file.startsWith(root) ? path.relative(root, file) : file));
}
