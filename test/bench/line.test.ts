import { describe, expect, it } from 'vitest';
import { type BenchLine, benchLine, type DurableLine, median, type Work } from '../../src/bench/line.ts';
import { copyShareText, lineText, syncShareText } from '../../src/bench/report.ts';

describe('a line', () => {
  it('has speeds of the time taken, in megabytes of 10^6', () => {
    const line = benchLine('append', 2, 'ts', { records: 3_000_000, bytes: 330_000_000, elapsedMs: 250 });
    expect(line).toEqual({
      work: 'append',
      round: 2,
      records: 3_000_000,
      bytes: 330_000_000,
      seconds: 0.25,
      recordsPerSecond: 12_000_000,
      megabytesPerSecond: 1320,
      engine: 'ts',
    });
  });

  it('has finite speeds when the clock did not move', () => {
    const { recordsPerSecond, seconds } = benchLine('read', 0, 'ts', { records: 1, bytes: 1, elapsedMs: 0 });
    expect(Number.isFinite(recordsPerSecond)).toBe(true);
    expect(seconds).toBeGreaterThan(0);
  });

  it('is one line of text, aligned with the next', () => {
    const texts = [1000, 3_000_000].map((records) =>
      lineText(benchLine('append', 0, 'native', { records, bytes: records * 110, elapsedMs: 100 })),
    );
    expect(texts[1]).toBe(
      'append  round 0   3,000,000 records     330.0 MB   0.100 s    30.0 M records/s   3,300 MB/s  native',
    );
    expect(texts[0]).toHaveLength((texts[1] as string).length);
  });

  it('of a seek has no megabytes: they were not read', () => {
    expect(lineText(benchLine('seek', 0, 'ts', { records: 10, bytes: 5000, elapsedMs: 1 }))).not.toContain('MB');
  });
});

describe('a line that tells more', () => {
  it('of a recovery, has gigabytes of 10^9 and segments', () => {
    const line = benchLine('recover', 0, 'ts', { records: 10, bytes: 2e9, elapsedMs: 500 });
    expect(lineText({ ...line, segments: 1, gigabytesPerSecond: 4 } as BenchLine)).toMatch(/ 4\.00 GB\/s, 1 segment$/);
    expect(lineText({ ...line, segments: 3, gigabytesPerSecond: 4 } as BenchLine)).toMatch(/, 3 segments$/);
  });

  it('of durable appends, has appends, syncs and how many shared one', () => {
    expect(lineText(durable(250, 16))).toMatch(/ group: 4,000 appends\/s, 250 syncs\/s, mean group 16\.0$/);
  });
});

function durable(syncsPerSecond: number, meanGroup: number): DurableLine {
  const line = benchLine('append', 0, 'ts', { records: 1000, bytes: 1, elapsedMs: 1000 });
  const appendsPerSecond = syncsPerSecond * meanGroup;
  return {
    ...{ ...line, producer: 'none', durability: 'group', appenders: 16, appends: 1000, syncs: 1 },
    ...{ appendsPerSecond, syncsPerSecond, meanGroup },
  };
}

it('the syncs of a log are compared with bare ones by medians', () => {
  const bare = [100, 200, 900].map((syncs) =>
    benchLine('sync', 0, 'ts', { records: syncs, bytes: syncs, elapsedMs: 1000 }),
  );
  const lines = [durable(10, 60), durable(150, 64), durable(800, 62)].flatMap((line, i) => [
    line,
    bare[i] as BenchLine,
  ]);
  expect(syncShareText(lines)).toMatch(/ 75 % .*mean group 62\.0$/);
});

it('the median is the middle', () => {
  expect([median([3, 1, 2]), median([4, 1, 2, 3]), median([7])]).toEqual([2, 2.5, 7]);
});

function at(work: Work, megabytes: number): BenchLine {
  return benchLine(work, 0, 'native', { records: 1, bytes: megabytes * 1e6, elapsedMs: 1000 });
}

it('appending is compared with copies by medians', () => {
  const lines = [
    at('append', 10),
    at('copy', 90),
    at('append', 60),
    at('copy', 100),
    at('append', 70),
    at('copy', 500),
  ];
  expect(copyShareText(lines)).toContain('60 %');
});
