/** Each of the damages of damage.jsonl is found, in the damaged file and at the right place. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyEdits, type Edit } from '../../support/edits.ts';
import { FIXTURES, jsonLines } from '../../support/fixtures.ts';
import { validPrefix } from '../../support/log-bytes.ts';
import { brief, copied, verifyPaths } from './support.ts';

interface Recipe {
  name: string;
  source: string;
  edits: Edit[];
}

const recipes = jsonLines<Recipe>(readFileSync(join(FIXTURES, 'damage.jsonl'), 'utf8'));
const ENTRY_SIZES: Readonly<Record<string, number>> = { index: 8, timeindex: 12 };

/** Where the fault is: the start of the batch or entry that holds the byte; undefined where any position will do. */
function rightPosition(source: string, edit: Edit): number | null | undefined {
  if (edit.op === 'delete') return null;
  const bytes = readFileSync(join(FIXTURES, source, edit.file));
  const at = 'at' in edit ? edit.at : bytes.length;
  const suffix = edit.file.split('.').at(-1) ?? '';
  const entrySize = ENTRY_SIZES[suffix];
  if (entrySize !== undefined) return Math.floor(at / entrySize) * entrySize;
  if (suffix !== 'log') return undefined;
  const { entries } = validPrefix(bytes, BigInt(edit.file.slice(0, 20)));
  return entries.find(({ position, sizeBytes }) => at >= position && at < position + sizeBytes)?.position ?? at;
}

test.each(recipes)('$name is found where it is', async ({ source, edits }) => {
  const directory = copied(source);
  applyEdits(directory, edits);
  const { findings, failures } = await verifyPaths([directory]);
  expect(failures).toEqual([]);
  for (const edit of edits) {
    const position = rightPosition(source, edit);
    const found = findings.filter(
      (finding) =>
        finding.file === edit.file &&
        finding.severity !== 'info' &&
        (position === undefined || finding.position === position),
    );
    expect(found, `${edit.op} ${edit.file} at ${position}: ${brief(findings).join('; ')}`).not.toEqual([]);
  }
  // What one fault brings along must not bury it.
  expect(findings.length, brief(findings).join('; ')).toBeLessThanOrEqual(edits.length + 4);
});
