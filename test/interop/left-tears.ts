/** What a stop in the middle does to the last segment, above the recovery point. */
import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BATCH } from '../../src/format/batch.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import type { Random } from '../support/random.ts';

function overwritten(bytes: Buffer, at: number, what: Buffer): Buffer {
  const result = Buffer.alloc(Math.max(bytes.length, at + what.length));
  bytes.copy(result);
  what.copy(result, at);
  return result;
}

/** Tears the partition's tail, or leaves it whole. */
export function tear(random: Random, directory: string, recoveryPoint: number): void {
  const last = segmentsOf(directory).at(-1);
  if (last === undefined) return;
  const { baseOffset, entries, validBytes } = last;
  const pathOf = (suffix: (typeof SUFFIXES)['log' | 'offsetIndex' | 'timeIndex']): string =>
    join(directory, segmentFileName(Number(baseOffset), suffix));
  const path = pathOf(SUFFIXES.log);
  const bytes = readFileSync(path);
  const loose = entries.filter((entry) => Number(entry.baseOffset) >= recoveryPoint);
  const victim = loose.length === 0 ? undefined : random.pick(loose);
  const kind = random.between(0, 5);
  if (kind === 0 && victim !== undefined) truncateSync(path, random.between(victim.position, validBytes - 1));
  if (kind === 1 && victim !== undefined) {
    const at = victim.position + random.between(BATCH.ATTRIBUTES, victim.sizeBytes - 1);
    writeFileSync(path, overwritten(bytes, at, Buffer.from([(bytes[at] ?? 0) ^ 4])));
  }
  if (kind === 2) writeFileSync(path, overwritten(bytes, validBytes, random.bytes(random.between(1, 300))));
  if (kind === 3) writeFileSync(path, overwritten(bytes, bytes.length, Buffer.alloc(random.between(1, 5000))));
  if (kind === 4 && entries.length > 0) {
    const { position, sizeBytes } = random.pick(entries);
    const part = bytes.subarray(position, position + random.between(1, sizeBytes - 1));
    // Nothing behind it: zeros could make it whole.
    writeFileSync(path, Buffer.concat([bytes.subarray(0, validBytes), part]));
  }
  if (random.chance(0.2)) {
    const index = pathOf(random.pick([SUFFIXES.offsetIndex, SUFFIXES.timeIndex]));
    writeFileSync(index, overwritten(readFileSync(index), 0, random.bytes(random.between(1, 40))));
  }
}
