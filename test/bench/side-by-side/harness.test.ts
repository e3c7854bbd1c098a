/** What a turn may share with another work, try again, or be set beside: works that are `like` others, retries, limits, estimates. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { runWork } from '../../../bench/harness/turns.mjs';
import { minutesOf } from '../../../bench/run/estimate.mjs';
import { chooseWorks } from '../../../bench/run/options.mjs';
import { withLimits } from '../../../bench/works/limits.mjs';
import { WORKS } from '../../../bench/works/registry.mjs';
import { scratch as newScratch } from '../../support/temp.ts';

interface Line {
  readonly speed: number;
  readonly pause?: number;
}

const values =
  (field: 'speed' | 'pause') =>
  (lines: readonly Line[], warm: number): unknown[] =>
    lines.slice(warm).map((line) => line[field]);

const work = {
  name: 'first',
  section: 'log',
  title: 'A work',
  unit: 'records/s',
  better: 'more',
  base: 'kafka',
  targets: [] as object[],
  value: values('speed'),
};

function node(code: string): object {
  return { command: process.execPath, args: ['-e', code], env: {} };
}

const line = (fields: Line): string => `console.log(${JSON.stringify(JSON.stringify(fields))})`;

const options = (scratch: string, turns = 2): object => ({ scratch, turns, rounds: 1, warm: 0 });
const known = (done: object[] = []): { available: object; done: object[]; say: () => void } => ({
  available: {},
  done,
  say: () => undefined,
});

describe('a work that sees the turns of another', () => {
  it('runs nothing again, and takes its own values of the same lines', async () => {
    const scratch = newScratch();
    const file = path.join(scratch, 'runs');
    writeFileSync(file, '');
    const native = (): object =>
      node(`require('fs').appendFileSync(${JSON.stringify(file)}, 'x'); ${line({ speed: 5, pause: 9 })}`);
    const first = await runWork({ ...work, sides: { native } }, ['native'], options(scratch), known());
    const like = { ...work, name: 'second', like: 'first', value: values('pause'), sides: { native } };
    const second = await runWork(like, ['native'], options(scratch), known([first]));
    expect(readFileSync(file, 'utf8')).toBe('xx');
    expect(first.sides.native.summary.median).toBe(5);
    expect(second.sides.native.summary).toMatchObject({ median: 9, count: 2 });
  });

  it('has its own turns where the other was not measured', async () => {
    const scratch = newScratch();
    const native = (): object => node(line({ speed: 5, pause: 9 }));
    const like = { ...work, name: 'second', like: 'first', value: values('pause'), sides: { native } };
    const { sides } = await runWork(like, ['native'], options(scratch), known());
    expect(sides.native.summary).toMatchObject({ median: 9, count: 2 });
  });
});

describe('a side whose process fails', () => {
  it('is tried once more, and goes on when that went well', async () => {
    const scratch = newScratch();
    const failed = path.join(scratch, 'failed');
    const code = `const fs = require('fs'); if (!fs.existsSync(${JSON.stringify(failed)})) { fs.writeFileSync(${JSON.stringify(failed)}, ''); process.exit(3); }`;
    const native = (): object => node(`${code} ${line({ speed: 5 })}`);
    const { sides } = await runWork({ ...work, sides: { native } }, ['native'], options(scratch), known());
    expect(existsSync(failed)).toBe(true);
    expect(sides.native).toMatchObject({ summary: { median: 5, count: 2 } });
  });
});

describe('how close a side is to the limit', () => {
  it('is its share of the best limit that was measured', async () => {
    const scratch = newScratch();
    const side = (speed: number) => (): object => node(line({ speed }));
    const sides = { native: side(30), write: side(50), copy: side(40), pread: side(90) };
    const limited = { ...work, base: undefined, sides, limits: ['write', 'copy', 'pread'] };
    const { closeness } = await runWork(limited, ['native', 'write', 'copy'], options(scratch), known());
    expect(closeness).toMatchObject({ limit: 'write', shares: { native: { median: 0.6 } } });
  });

  it('is asked of a work by its name; its limits are sides of it, valued by lines of their own', () => {
    const seconds = withLimits({ name: 'verify', unit: 's', sides: {} });
    expect(seconds.limits).toEqual(['cat']);
    expect(Object.keys(seconds.sides)).toEqual(['cat']);
    const append = withLimits({ name: 'append', unit: 'records/s', sides: {}, value: () => [1] });
    const limit = [3, 7].map((recordsPerSecond) => ({ peer: 'limits', recordsPerSecond }));
    expect(append.value(limit, 1, 1)).toEqual([7]);
    expect(append.value([{ recordsPerSecond: 3 }], 1, 1)).toEqual([1]);
    const none = { name: 'unheard-of', sides: {} };
    expect(withLimits(none)).toBe(none);
  });
});

describe('the estimate', () => {
  const sides = { native: () => {}, ts: () => {}, 'native-before': () => {} };
  const unnamed = { name: 'no-such-work', sides };
  const all = { turns: 4, quick: false };

  it('counts turns, what is made before the first, and the share of the sides that run', () => {
    const whole = minutesOf([unnamed], ['native', 'ts'], all);
    const half = minutesOf([unnamed], ['native'], all);
    expect(whole).toBeGreaterThan(half);
    expect(minutesOf([unnamed, unnamed], ['native', 'ts'], all)).toBeCloseTo(2 * whole, 0);
    expect(minutesOf([{ ...unnamed, turns: 1 }], ['native', 'ts'], all)).toBeLessThan(whole);
  });

  it('counts nothing for a work that takes the turns of another', () => {
    expect(minutesOf([{ ...unnamed, like: 'another' }], ['native'], all)).toBe(0);
  });
});

describe('choosing works', () => {
  const namesOf = (parts: readonly string[]): string[] =>
    chooseWorks(WORKS, parts).map(({ name }: { name: string }) => name);

  it('takes the one whose name it is, else all whose names contain it', () => {
    expect(namesOf(['read'])).toEqual(['read']);
    expect(namesOf(['lz4'])).toEqual(expect.arrayContaining(['append-lz4', 'read-lz4', 'compact-lz4']));
    expect(namesOf(['no-such'])).toEqual([]);
  });
});
