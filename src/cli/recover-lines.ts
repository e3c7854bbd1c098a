/** What `seglog recover` prints of a partition. */
import { basename } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { Cut } from '../log/load/report.ts';
import type { RecoveredPartition } from '../log/recover-partition.ts';
import { type JsonValue, jsonText } from './json-line.ts';
import { counted } from './open-log.ts';

/** A partition that was recovered, as JSON or as text: one line, and in text one more for each cut. */
export function recoveredLines(partition: RecoveredPartition, json: boolean): string {
  return json ? recoveredJson(partition) : recoveredText(partition);
}

function recoveredJson(partition: RecoveredPartition): string {
  const { dir, logStartOffset, logEndOffset, segments, files, cuts, quarantine } = partition;
  return `${jsonText({
    ...{ dir, logStartOffset, logEndOffset },
    segments: segments.map(({ baseOffset, size }) => ({ baseOffset, size })),
    files,
    cuts: cuts.map(cutFields),
    quarantine: quarantine ?? null,
  })}\n`;
}

function cutFields({ kind, file, position, bytes, offset, reason, savedTo }: Cut): JsonValue {
  return { kind, file, position, bytes, offset, reason, savedTo: savedTo ?? null };
}

function recoveredText(partition: RecoveredPartition): string {
  const { dir, logStartOffset, logEndOffset, segments, cuts, quarantine } = partition;
  const bytes = segments.reduce((total, { size }) => total + size, 0);
  const found =
    cuts.length === 0 ? 'nothing cut' : `${counted(cuts.length, 'cut')}, quarantine: ${quarantine ?? 'not needed'}`;
  const extent = `log start ${logStartOffset}, log end ${logEndOffset}, ${counted(segments.length, 'segment')}`;
  const head = `${dir}: ${extent}, ${counted(bytes, 'byte')}; ${found}`;
  return [head, ...cuts.map(cutText)].map((line) => `${printable(line)}\n`).join('');
}

function cutText({ kind, file, position, bytes, offset, reason, savedTo }: Cut): string {
  const saved = savedTo === undefined ? '' : `; saved to ${savedTo}`;
  return `  ${kind} at offset ${offset}: ${counted(bytes, 'byte')} of ${basename(file)} from byte ${position} on: ${reason}${saved}`;
}

/** A partition that could not be opened. */
export function failedLine(dir: string, error: unknown, json: boolean): string {
  const code = error instanceof SeglogError ? error.code : 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  if (json) return `${jsonText({ dir, error: { code, message } })}\n`;
  return `${printable(`${dir}: not recovered: ${code}: ${message}`)}\n`;
}
