/** Every row of the fault list that is about a single node has tests that carry its name, on both engines, and a line in the docs. */
import { describe, expect, it } from 'vitest';
import { ENGINE_RUNS, HOUSE } from '../../scripts/lib/engines.mjs';
import { countsTable, results, withCounts } from '../../scripts/docs-faults.mjs';
import { LONG_FORMS, typed } from '../../scripts/faults.mjs';
import { filesIn, textOf } from './project-files.ts';

/** F28 is about replicas. */
const ROWS = Array.from({ length: 30 }, (_, i) => `F${i + 1}`).filter((row) => row !== 'F28');

/** A title, not a comment: a string that begins with rows, as the first argument of a test or a describe, or on a line of its own. */
const TITLE = /(?:test|it|describe)?(?:\.\w+)*[(\s]['"`]((?:F\d+, )*F\d+): /g;

function rowsIn(text: string): string[] {
  return [...text.matchAll(TITLE)].flatMap(([, rows = '']) => rows.split(', '));
}

/** Rows by the tests that each engine runs: all but those of the house. */
function namedRows(): Map<string, string[]> {
  const named = new Map<string, string[]>();
  for (const file of filesIn('test', '.test.ts').map((name) => `test/${name}`)) {
    if (file.startsWith(`${HOUSE}/`)) continue;
    for (const row of rowsIn(textOf(file))) named.set(row, [...(named.get(row) ?? []), file]);
  }
  return named;
}

describe('the fault list', () => {
  it('is run on both engines', () => {
    expect(new Set(ENGINE_RUNS.map(({ env }) => env.SEGLOG_ENGINE))).toEqual(new Set(['native', 'ts']));
  });

  it.each(ROWS)('row %s has a test of its name', (row) => {
    expect(namedRows().get(row) ?? []).not.toEqual([]);
  });

  it.each(ROWS)('row %s has a line in docs/faults.md that names one of them', (row) => {
    const lines = textOf('docs/faults.md').split('\n');
    const line = lines.find((one) => one.startsWith(`| ${row} |`)) ?? '';
    expect(line).toMatch(new RegExp(`\\[(?:F\\d+, )*${row}(?:, F\\d+)*: [^\\]]+\\]\\(\\.\\./test/`));
  });

  it('has no rows that are not known', () => {
    expect([...namedRows().keys()].filter((row) => !ROWS.includes(row))).toEqual([]);
  });

  it('tells a title from a comment', () => {
    expect(rowsIn("test('F7: a bit', () => {})\n  'F10, F12: all',\n// F9: x\n/** Row F8 */")).toEqual([
      'F7',
      'F10',
      'F12',
    ]);
  });

  it.each(LONG_FORMS)('its long form $command is in docs/faults.md as `npm run faults` runs it', (form) => {
    expect(textOf('docs/faults.md')).toContain(`\n| \`${typed(form)}\` |`);
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
    expect(scripts[form.command]).toBe(`node scripts/${form.script}`);
  });

  it('is counted in docs/faults.md as in the results: otherwise run `npm run docs:faults`', () => {
    const document = textOf('docs/faults.md');
    expect(document).toBe(withCounts(document, countsTable(results())));
  });
});
