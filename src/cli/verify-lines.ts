/** What `seglog verify` prints: a finding as JSON or as text, and the summary. */
import { bytesText } from '../bench/text.ts';
import { jsonString, printable } from '../inspect/byte-encoding.ts';
import type { Finding } from '../inspect/findings/finding.ts';
import type { VerifyTotals } from '../inspect/verify/verify.ts';
import { counted } from './open-log.ts';

type Member = string | number | bigint | null;

function memberText(value: Member): string {
  return typeof value === 'string' ? jsonString(value) : String(value);
}

/** One line of JSON, int64s exact. The members are those of {@link Finding}, in its order. */
export function findingJson(finding: Finding): string {
  const { code, severity, file, position, offsets, expected, found, action, message, path } = finding;
  const range = offsets === null ? 'null' : `[${offsets[0]},${offsets[1]}]`;
  const members = [
    ...[`"code":${jsonString(code)}`, `"severity":${jsonString(severity)}`, `"file":${jsonString(file)}`],
    ...[`"position":${memberText(position)}`, `"offsets":${range}`],
    ...[`"expected":${memberText(expected)}`, `"found":${memberText(found)}`],
    ...[`"action":${jsonString(action)}`, `"message":${jsonString(message)}`, `"path":${jsonString(path)}`],
  ];
  return `{${members.join(',')}}\n`;
}

/** A few lines for people. */
export function findingText({
  code,
  severity,
  position,
  offsets,
  expected,
  found,
  action,
  message,
  path,
}: Finding): string {
  const at = position === null ? '' : ` at byte ${position}`;
  const range =
    offsets === null
      ? ''
      : offsets[0] === offsets[1]
        ? `, offset ${offsets[0]}`
        : `, offsets ${offsets[0]} to ${offsets[1]}`;
  const lines = [`${severity} ${code} ${path}${at}${range}`, `  ${message}`];
  if (expected !== null || found !== null)
    lines.push(`  expected ${expected ?? 'nothing'}, found ${found ?? 'nothing'}`);
  lines.push(`  ${action}`);
  return lines.map((line) => `${printable(line)}\n`).join('');
}

/** What was looked at and what came of it, in one line. */
export function summaryText(
  { files, batches, records, bytes, counts, failures }: VerifyTotals,
  elapsedMs: number,
): string {
  const seconds = (elapsedMs / 1000).toFixed(2);
  const looked = `${counted(files, 'file')}, ${counted(batches, 'batch').replace(/batchs$/, 'batches')}, ${counted(records, 'record')}, ${bytesText(bytes)} in ${seconds} s`;
  const found = `${counted(counts.error, 'error')}, ${counted(counts.warning, 'warning')}, ${counts.info} info`;
  const unread = failures === 0 ? '' : `; ${counted(failures, 'file')} could not be verified`;
  return `${looked}: ${found}${unread}`;
}
