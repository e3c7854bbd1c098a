/** Where a segment's files are. */
import { join } from 'node:path';
import { segmentFileName } from '../format/names.ts';
import type { Offset } from '../units/units.ts';

/** The path of a file of a segment. */
export function pathOf(directory: string, baseOffset: Offset, suffix: string): string {
  return join(directory, segmentFileName(baseOffset, suffix));
}
