/** What a test counted, for docs/faults.md: kept where `SEGLOG_FAULT_RESULTS` names a directory, and otherwise nowhere. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultEngine } from '../../src/engine/select.ts';

/**
 * Keeps counts as `docs/faults/NAME-ENGINE.json`, of which `npm run docs:faults` makes the table.
 *
 * @param rows the fault rows that it is about
 */
export function keepResult(name: string, rows: readonly string[], counts: Readonly<Record<string, number>>): void {
  const directory = process.env['SEGLOG_FAULT_RESULTS'];
  if (directory === undefined) return;
  const engine = defaultEngine().name;
  const command = `npm run docs:faults -- --count`;
  const date = new Date().toISOString().slice(0, 10);
  const text = JSON.stringify({ name, command, rows, engine, counts, date }, undefined, 2);
  writeFileSync(join(directory, `${name}-${engine}.json`), `${text}\n`);
}
