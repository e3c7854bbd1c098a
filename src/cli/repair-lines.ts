/** What `seglog repair` prints of a partition. */
import { basename, resolve } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { RepairReport } from '../repair/repair.ts';
import type { RepairStep } from '../repair/steps.ts';
import { jsonText } from './json-line.ts';
import { counted } from './open-log.ts';

/** The version of the JSON form. Members may be added within one. */
const SCHEMA = 1;

/** A partition: one line and one for each step in text, one line in JSON. */
export function repairLines(report: RepairReport, isApplied: boolean, json: boolean): string {
  return json ? reportJson(report, isApplied) : reportText(report, isApplied);
}

function reportJson(report: RepairReport, isApplied: boolean): string {
  const { directory, interrupted, steps, kept, neededBytes, logStartOffset, logEndOffset, quarantine } = report;
  return `${jsonText({
    ...{
      type: 'repair',
      dir: basename(directory),
      path: directory,
      applied: isApplied,
      interrupted: interrupted ?? null,
    },
    steps: steps.map(({ action, file, position, bytes, kind, reason }) => ({
      action,
      file,
      position,
      bytes,
      kind,
      reason,
    })),
    kept: kept.map(({ file, position, bytes, reason }) => ({ file, position, bytes, reason })),
    ...{ neededBytes, logStartOffset: logStartOffset ?? null, logEndOffset: logEndOffset ?? null },
    ...{
      quarantine: quarantine ?? null,
      undo: quarantine === undefined ? null : undoCommand(quarantine),
      schema: SCHEMA,
    },
  })}\n`;
}

function reportText(report: RepairReport, isApplied: boolean): string {
  const { directory, interrupted, steps, kept, logStartOffset, logEndOffset, quarantine, neededBytes } = report;
  const name = basename(directory);
  const extent = logStartOffset === undefined ? '' : `: log start ${logStartOffset}, log end ${logEndOffset}`;
  const lines: string[] = [];
  if (interrupted !== undefined) {
    lines.push(
      isApplied
        ? `${name}: the interrupted repair ${interrupted} was ended first`
        : `${name}: the repair ${interrupted} was interrupted: --apply ends it, --undo with that directory takes it back`,
    );
  }
  const count = counted(steps.length, 'step');
  if (steps.length === 0) lines.push(`${name}: nothing to repair${extent}`);
  else if (isApplied) lines.push(`${name}: repaired in ${count}${extent}`);
  else if (interrupted !== undefined) lines.push(`${name}: its ${count}:`);
  else lines.push(`${name}: ${count} to do, ${counted(neededBytes, 'byte')} of new files; afterwards${extent}`);
  lines.push(...steps.map(stepText));
  for (const { file, position, bytes, reason } of kept) {
    lines.push(`  kept    ${file} at byte ${position}, ${counted(bytes, 'byte')}: ${reason}`);
  }
  if (quarantine !== undefined) {
    lines.push(`  the originals are in ${quarantine}`, `  to put them back: ${undoCommand(quarantine)}`);
  }
  return lines.map((line) => `${printable(line)}\n`).join('');
}

function stepText({ action, file, position, bytes, kind, reason }: RepairStep): string {
  const where = position === null ? '' : ` at byte ${position}`;
  const what = kind === null ? '' : ` (${kind})`;
  const size = action === 'rename' ? '' : `, ${counted(bytes, 'byte')}`;
  return `  ${action.padEnd(7)} ${file}${where}${size}${what}: ${reason}`;
}

/** As a shell takes it. */
function undoCommand(quarantine: string): string {
  const isPlain = /^[\w@%+=:,./-]+$/.test(quarantine);
  return `seglog repair --undo ${isPlain ? quarantine : `'${quarantine.replaceAll("'", "'\\''")}'`}`;
}

/** Repairs that were undone. */
export function undoneLine(
  undone: { readonly directory: string; readonly names: readonly string[] },
  json: boolean,
): string {
  const { directory, names } = undone;
  if (json)
    return `${jsonText({ type: 'undo', dir: basename(directory), path: directory, files: names, schema: SCHEMA })}\n`;
  return `${printable(`${basename(directory)}: ${counted(names.length, 'file')} as before the repair`)}\n`;
}

/** A partition that could not be looked at or repaired, or a repair that could not be undone. */
export function failedRepairLine(type: 'repair' | 'undo', path: string, error: unknown, json: boolean): string {
  const code = error instanceof SeglogError ? error.code : 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  const dir = basename(resolve(path)) || path;
  if (json) return `${jsonText({ type, dir, path, error: { code, message }, schema: SCHEMA })}\n`;
  return `${printable(`${dir}: not ${type === 'undo' ? 'undone' : 'repaired'}: ${code}: ${message}`)}\n`;
}
