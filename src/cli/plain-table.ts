/** Tables without frames, columns aligned. */
import Table from 'cli-table3';

const NO_FRAME = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '',
} as const;
/** Stands before each line of a table. */
export const INDENT = '  ';

type Align = 'left' | 'right';

/** Rows under a head, each line indented; ends with a line feed. */
export function plainTable(
  columns: readonly (readonly [name: string, align: Align])[],
  rows: readonly string[][],
): string {
  const table = new Table({
    head: columns.map(([name]) => name),
    colAligns: columns.map(([, align]) => align),
    chars: NO_FRAME,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 3 },
  });
  table.push(...rows);
  return table
    .toString()
    .split('\n')
    .map((line) => `${INDENT}${line.trimEnd()}\n`)
    .join('');
}
