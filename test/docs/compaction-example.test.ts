/** The example of docs/compaction.md, run as it stands there. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch } from '../support/temp.ts';

const PAGE = readFileSync(new URL('../../docs/compaction.md', import.meta.url), 'utf8');
const BUILT = new URL('../../dist/index.js', import.meta.url).href;

function block(language: string): string {
  const found = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(PAGE)?.[1];
  if (found === undefined) throw new Error(`the page has no ${language} block`);
  return found;
}

test('the example prints what the page says', () => {
  const directory = JSON.stringify(join(scratch(), 'cities-0'));
  const source = block('ts').replace("'seglog';", `${JSON.stringify(BUILT)};\nconst directory = ${directory};`);
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
  expect(printed).toBe(block('text'));
});
