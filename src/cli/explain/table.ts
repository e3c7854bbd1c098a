/** An explanation for people: a table of segments, and under it what surprises and what to know. */
import Table from 'cli-table3';
import { printable } from '../../inspect/byte-encoding.ts';
import type { ExplainedPartition, ExplainedSegment } from '../../inspect/explain/contract.ts';
import { counted, timeText } from '../../inspect/explain/words.ts';

const NO_FRAME = {
  ...{ top: '', 'top-mid': '', 'top-left': '', 'top-right': '' },
  ...{ bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '' },
  ...{ left: '', 'left-mid': '', mid: '', 'mid-mid': '' },
  ...{ right: '', 'right-mid': '', middle: '' },
};
const COLUMNS = ['segment', 'bytes', 'largest timestamp', 'decision', 'from', 'reason', 'why'];

/** Text that ends with a line feed. */
export function explanationText(partition: ExplainedPartition): string {
  const { kind, path, now, logStartOffset, logEndOffset, highWatermark, highWatermarkSource } = partition;
  const settings = Object.entries(partition.config).map(([name, value]) => `${name}=${value ?? 'unlimited'}`);
  return [
    `${kind} of ${printable(path)} as of ${timeText(now)}`,
    `offsets ${logStartOffset} to ${logEndOffset}, high watermark ${highWatermark} (${highWatermarkSource}), ` +
      `${counted(partition.segments.length, 'segment')}, ${counted(partition.sizeBytes, 'byte')}`,
    settings.join(' '),
    '',
    segmentTable(partition.segments),
    ...warningLines(partition.segments),
    ...partition.remarks.map((remark) => `- ${remark}`),
    '',
  ].join('\n');
}

function segmentTable(segments: readonly ExplainedSegment[]): string {
  const table = new Table({
    head: COLUMNS,
    colAligns: ['right', 'right', 'left', 'left', 'left', 'left', 'left'],
    chars: NO_FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 2 },
  });
  table.push(...segments.map((segment) => rowOf(segment)));
  const lines = table.toString().split('\n');
  return [...lines.map((line) => line.trimEnd()), ''].join('\n');
}

function rowOf(segment: ExplainedSegment): string[] {
  const { baseOffset, sizeBytes, timestampSource, largestTimestamp, modifiedMs, decision, at, reason, text } = segment;
  const time = timestampSource === 'file' ? `file: ${timeText(modifiedMs)}` : timeText(largestTimestamp);
  const what = segment.isActive ? `${baseOffset} (active)` : String(baseOffset);
  return [what, String(sizeBytes), time, decision, at === null ? '' : timeText(at), reason, printable(text)];
}

function warningLines(segments: readonly ExplainedSegment[]): string[] {
  const lines = segments.flatMap(({ baseOffset, warnings }) =>
    warnings.map(({ code, message }) => `! segment ${baseOffset}: ${code}: ${printable(message)}`),
  );
  return lines.length === 0 ? [] : [...lines, ''];
}
