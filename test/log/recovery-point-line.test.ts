/**
 * What is written down of a recovery point (docs/recovery.md): an offset within the first segment of which not all is synced, or
 * below. A Kafka that opens the directory looks at no segment that ends at its line, and believes its length and its indexes.
 */
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { Log } from '../../src/index.ts';

/** Two of these records fill a segment. */
const SEGMENT_BYTES = 160;

function lineOf(fs: MemoryFileSystem): number | undefined {
  const bytes = fs.readSmall('/logs/recovery-point-offset-checkpoint') ?? new Uint8Array();
  const line = /^t 0 (\d+)$/m.exec(Buffer.from(bytes).toString());
  return line?.[1] === undefined ? undefined : Number(line[1]);
}

test('a recovery point is written down within the active segment, however much of it is synced; at its end once it is closed', async () => {
  const fs = new MemoryFileSystem();
  const clock = new ManualClock(1_000_000);
  const log = await Log.open('/logs/t-0', { fs, clock, segmentBytes: SEGMENT_BYTES });
  const lines: (number | undefined)[] = [];
  for (let end = 1; end <= 4; end++) {
    await log.append({ value: 'x'.repeat(10), timestamp: 1000 });
    clock.advance(10_000);
    await log.flush();
    expect(log.status().recoveryPoint).toBe(end);
    lines.push(lineOf(fs));
  }
  expect(log.segments().map(({ baseOffset }) => baseOffset)).toEqual([0, 2]);
  expect(lines).toEqual([0, 1, 2, 3]);
  await log.close();
  expect(lineOf(fs)).toBe(4);
});
