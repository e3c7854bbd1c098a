/** The trial of codecs: real batches, all over the log, and sizes that each codec makes of them. */
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../../src/clock/clock.ts';
import { HEADER_SIZE } from '../../../src/format/batch.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { batch, record } from '../make-batch.ts';
import { inMemory, NOW, statsOf } from './support.ts';

const CLEAN = join(FIXTURES, 'clean');
const isNative = defaultEngine().name === 'native';
/** Between two looks at it, so much time passes. */
const TICK_MS = 3;

class TickingClock extends ManualClock {
  override monotonicMs(): number {
    this.advance(TICK_MS);
    return super.monotonicMs();
  }
}

describe('what if', () => {
  it('tries every codec at usual levels on batches of all partitions', async () => {
    const { whatIf } = await statsOf([CLEAN], { whatIf: 'usual' });
    expect(whatIf?.batches).toBeGreaterThan(100);
    expect(whatIf?.partitions).toBeGreaterThan(8);
    expect(whatIf?.storedRatio).toBeGreaterThan(1);
    const tried = whatIf?.results.map(({ codec, level }) => `${codec} ${level}`) ?? [];
    expect([...tried, ...(whatIf?.unavailable ?? [])]).toEqual(
      expect.arrayContaining(['gzip 1', 'gzip 6', 'gzip 9', 'snappy null', 'lz4 9', 'lz4 12', 'zstd 3', 'zstd 12']),
    );
    if (isNative) expect(whatIf?.unavailable).toEqual([]);
    for (const { ratio, compressedBytes } of whatIf?.results ?? []) {
      expect(ratio).toBeCloseTo((whatIf?.sampleBytes ?? 0) / compressedBytes);
      expect(ratio).toBeGreaterThan(1);
    }
    expect(whatIf?.results.filter(({ isDefault }) => isDefault).map(({ codec }) => codec)).toEqual(
      expect.arrayContaining(['gzip', 'snappy', 'lz4']),
    );
  });

  it('says the same at each run, but for speeds', async () => {
    const path = join(CLEAN, 'f-none-0');
    const runs = [await statsOf([path], { whatIf: 'usual' }), await statsOf([path], { whatIf: 'usual', threads: 0 })];
    expect(runs[0]?.whatIf).toEqual(runs[1]?.whatIf);
  });

  it('goes over a sample again until the time says something, and tells the speed of all rounds', async () => {
    const path = join(CLEAN, 'f-none-0');
    const { whatIf } = await statsOf([path], { whatIf: 'usual' }, undefined, new TickingClock(NOW));
    expect(whatIf?.results.length).toBeGreaterThan(4);
    // Less than 5 ms after the first round, more after the second.
    const expected = (2 * (whatIf?.sampleBytes ?? 0)) / (2 * TICK_MS) / 1000;
    for (const { megabytesPerSecond } of whatIf?.results ?? []) expect(megabytesPerSecond).toBeCloseTo(expected);
  });

  it('compresses what a batch holds', async () => {
    const records = Buffer.concat(
      Array.from({ length: 90 }, (_, at) => record(at, `key-${at}`, 'some text '.repeat(9))),
    );
    const fs = inMemory(batch({ records, count: 90, lastOffsetDelta: 89 }));
    const { whatIf, partitions } = await statsOf(['/d/t-0'], { whatIf: 'all' }, fs);
    expect(whatIf).toMatchObject({ batches: 1, partitions: 1, sampleBytes: records.length });
    expect(whatIf?.storedBytes).toBe((partitions[0]?.bytes ?? 0) - HEADER_SIZE);
    const nine = whatIf?.results.find(({ codec, level }) => codec === 'gzip' && level === 9);
    expect(nine?.compressedBytes).toBeLessThan(gzipSync(records, { level: 9 }).length * 1.2);
    expect(nine?.compressedBytes).toBeGreaterThan(20);
    expect(whatIf?.results.filter(({ codec }) => codec === 'gzip')).toHaveLength(9);
  });

  it('is nothing without records, or when nobody asks', async () => {
    const fs = inMemory(Buffer.alloc(0));
    expect((await statsOf(['/d/t-0'], { whatIf: 'usual' }, fs)).whatIf).toBeNull();
    expect((await statsOf([join(CLEAN, 'f-none-0')])).whatIf).toBeNull();
  });
});
