/**
 * The page of `seglog report`: what stands in it as its script and its style. uPlot goes along, with its licence; nothing is
 * loaded when the page is looked at.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inProject } from './project.mjs';

const source = inProject('src', 'report', 'page');
const target = inProject('dist', 'report');
const charts = inProject('node_modules', 'uplot');
/** In this order: of rules that are as special, the last one holds. */
const STYLES = ['page', 'controls', 'overview', 'tables', 'charts', 'lists', 'narrow'];

function licence() {
  const { name, version } = JSON.parse(readFileSync(path.join(charts, 'package.json'), 'utf8'));
  return `/*! ${name} ${version}\n${readFileSync(path.join(charts, 'LICENSE'), 'utf8').trim()}\n*/\n`;
}

/** Comments and what is between rules: a third of the file. */
function withoutSpace(css) {
  return css
    .replaceAll(/\/\*[^*]*\*\//g, '')
    .replaceAll(/\s*([{};,])\s*/g, '$1')
    .replaceAll(/:\s+/g, ':')
    .trim();
}

/** No control, no mark of direction, nothing but ASCII: whoever looks at the source of a page sees what is there. */
function inAscii(code) {
  return code.replaceAll(/[^\n\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Writes dist/report/page-script.js and page-style.css. */
export async function bundlePage() {
  const { rolldown } = await import('rolldown');
  const bundle = await rolldown({
    input: path.join(source, 'main.ts'),
    platform: 'browser',
    cwd: inProject(),
    tsconfig: path.join(source, 'tsconfig.json'),
  });
  const { output } = await bundle.generate({ format: 'iife', minify: true });
  await bundle.close();
  if (output.length !== 1) throw new Error(`the page's script must be one piece, not ${output.length}`);
  const own = STYLES.map((name) => path.join(source, 'style', `${name}.css`));
  const styles = [path.join(charts, 'dist', 'uPlot.min.css'), ...own];
  mkdirSync(target, { recursive: true });
  writeFileSync(path.join(target, 'page-script.js'), licence() + inAscii(output[0].code.trim()));
  writeFileSync(
    path.join(target, 'page-style.css'),
    styles.map((file) => withoutSpace(readFileSync(file, 'utf8'))).join('\n'),
  );
}
