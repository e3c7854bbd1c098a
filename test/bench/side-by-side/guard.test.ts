/** The guard against regressions: ratios against a baseline's, within a band. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { bandOf, compareAll, decide, entriesOf, exitCodeOf } from '../../../bench/guard/decide.mjs';
import { summary } from '../../../bench/harness/statistics.mjs';
import { WORKS } from '../../../bench/works/registry.mjs';
import { workOf } from './results.ts';

const commands = ['node kafka', 'node native'];
const entry = { work: 'append', side: 'native', to: 'kafka', ratio: 3, spread: 0.05, commands };

describe('the noise band', () => {
  it('is a quarter, or twice the spread of the baseline, and never more than two fifths', () => {
    expect(bandOf({ spread: 0.05 })).toBe(0.25);
    expect(bandOf({ spread: 0.15 })).toBe(0.3);
    expect(bandOf({ spread: 3 })).toBe(0.4);
  });
});

describe('the guard', () => {
  it('is silent within the band', () => {
    expect(decide(entry, summary([2.3, 2.4, 2.2])).verdict).toBe('same');
    expect(decide(entry, summary([3.1, 3, 2.9])).verdict).toBe('same');
  });

  it('calls worse only what is below the band in every turn', () => {
    expect(decide(entry, summary([2, 2.1, 2.2])).verdict).toBe('worse');
    expect(decide(entry, summary([2, 2.1, 2.6])).verdict).toBe('unsure');
  });

  it('notices when a baseline has become too low', () => {
    expect(decide(entry, summary([4, 4.1, 5])).verdict).toBe('better');
    expect(decide(entry, summary([3, 4.1, 5])).verdict).toBe('same');
  });

  it('says what is missing, and does not call that worse', () => {
    const decisions = compareAll([entry], [workOf({ kafka: 'java not found', native: [5] })]);
    expect(decisions).toMatchObject([{ verdict: 'missing' }]);
    expect(exitCodeOf(decisions)).toBe(0);
  });

  it('does not compare ratios to another side than the baseline has', () => {
    const decisions = compareAll([entry], [workOf({ native: [5], lmdb: [1] }, { base: 'lmdb' })]);
    expect(decisions).toMatchObject([{ verdict: 'missing' }]);
  });

  it('does not compare ratios of other loads than the baseline has, and says so', () => {
    const other = { ...entry, commands: ['node kafka', 'node native 5'] };
    const works = [workOf({ kafka: [10, 10, 10], native: [30, 30, 30] })];
    const decisions = compareAll([entry, other], works);
    expect(decisions.map(({ verdict }) => verdict)).toEqual(['same', 'changed']);
    expect(exitCodeOf(decisions)).toBe(1);
  });

  it('fails only for what is worse', () => {
    const slow = workOf({ kafka: [10, 10, 10], native: [11, 12, 12] });
    const noisy = workOf({ kafka: [10, 10, 10], native: [11, 12, 30] });
    expect(exitCodeOf(compareAll([entry], [slow]))).toBe(1);
    expect(exitCodeOf(compareAll([entry], [noisy]))).toBe(0);
  });

  it('records what it later compares with: the same results pass', () => {
    const works = [workOf({ kafka: [10, 11], native: [30, 33], ts: [12, 12] })];
    const entries = entriesOf(works);
    expect(entries).toEqual([
      { work: 'append', side: 'native', to: 'kafka', ratio: 3, spread: 0, commands },
      {
        ...{ work: 'append', side: 'ts', to: 'kafka', ratio: 1.145, spread: 0.095 },
        commands: ['node kafka', 'node ts'],
      },
    ]);
    expect(compareAll(entries, works).map(({ verdict }) => verdict)).toEqual(['same', 'same']);
  });

  it('has a baseline whose ratios are those of works and sides that there are', () => {
    const url = new URL('../../../bench/guard/baseline.json', import.meta.url);
    const { ratios } = JSON.parse(readFileSync(url, 'utf8')) as { ratios: (typeof entry)[] };
    expect(ratios.length).toBeGreaterThan(5);
    const works: readonly { name: string; base?: string | undefined; sides: object }[] = WORKS;
    for (const { work, side, to, ratio, spread } of ratios) {
      const found = works.find(({ name }) => name === work);
      expect(Object.keys(found?.sides ?? {}), work).toEqual(expect.arrayContaining([side, to]));
      expect(found?.base).toBe(to);
      expect(ratio).toBeGreaterThan(0);
      expect(spread).toBeGreaterThanOrEqual(0);
    }
  });
});
