/** A throttled file system reads the same bytes, at the speed that is asked for. */
import { expect, it } from 'vitest';
import { throttled } from '../../../src/cli/dump/throttle.ts';
import { ManualClock } from '../../../src/clock/clock.ts';
import { nodeFileSystem } from '../../../src/fs/node-fs.ts';
import { segments } from '../../support/fixtures.ts';
import { collect } from '../../inspect/collect.ts';

const path = (segments('clean')[0] as { path: string }).path;
const SIZE = nodeFileSystem.stat(path)?.sizeBytes as number;

it('takes as long as the bytes are worth, and not longer', () => {
  const clock = new ManualClock();
  const fs = throttled(nodeFileSystem, 1000, clock);
  const file = fs.open(path, 'read');
  const bytes = new Uint8Array(SIZE);
  expect(file.read(bytes, 0, SIZE, 0)).toBe(SIZE);
  expect(Buffer.from(bytes)).toEqual(Buffer.from(nodeFileSystem.readSmall(path) as Uint8Array));
  // The last step is paid for by whoever reads next.
  expect(clock.monotonicMs()).toBeGreaterThan(SIZE - 51);
  expect(clock.monotonicMs()).toBeLessThanOrEqual(SIZE);
  fs.readSmall(path);
  expect(clock.monotonicMs()).toBe(SIZE);
  fs.readSmall(path);
  expect(clock.monotonicMs()).toBe(2 * SIZE);
  file.close();
});

it('does not save time up for a burst', () => {
  const clock = new ManualClock();
  const fs = throttled(nodeFileSystem, 1000, clock);
  clock.advance(1_000_000);
  fs.readSmall(path);
  fs.readSmall(path);
  expect(clock.monotonicMs()).toBe(1_000_000 + SIZE);
});

it('is what a dump reads through, whichever engine reads', () => {
  const clock = new ManualClock();
  const fs = throttled(nodeFileSystem, 1000, clock);
  expect(collect(path, {}, fs).text).toBe(collect(path).text);
  expect(clock.monotonicMs()).toBeGreaterThan(SIZE - 51);
});
