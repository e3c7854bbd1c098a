/** What results become for people: tables, Markdown, a page in one file. */
import { describe, expect, it } from 'vitest';
import { measuredText, missingSides, placeMeasured } from '../../../bench/report/document.mjs';
import { short, valueText } from '../../../bench/report/numbers.mjs';
import { pageHtml } from '../../../bench/report/page.mjs';
import { ownArguments } from '../../../bench/report/results.mjs';
import { markdownTable, sideRows } from '../../../bench/report/tables.mjs';
import { barChart } from '../../../src/bench/page/bar-chart.ts';
import * as html from '../../../src/bench/page/html.ts';
import { lineChart } from '../../../src/bench/page/line-chart.ts';
import { page } from '../../../src/bench/page/page.ts';
import { resultsOf, workOf } from './results.ts';

const kit = { page, barChart, lineChart, ...html };
const targets = [{ side: 'native', to: 'kafka', least: 2.5, aim: 3 }];
const work = workOf({ kafka: [1e6, 1e6], native: [2.4e6, 2.8e6], lmdb: 'it did not <compile>' }, { targets });
const sides = resultsOf([work]);
const growth = {
  ...resultsOf([]),
  name: '2026-11-21-growth.json',
  series: [
    {
      name: 'append-threads',
      title: 'Append on several threads',
      axis: 'threads',
      unit: 'records/s',
      better: 'more',
      note: 'Each its own partition.',
      sides: {
        native: {
          points: [
            { x: 1, median: 1e6, least: 9e5, most: 2e6, count: 3 },
            { x: 2, median: 2e6, least: 2e6, most: 2e6, count: 3 },
          ],
        },
        ts: {
          points: [
            { x: 1, median: 5e5, least: 5e5, most: 5e5, count: 1 },
            { x: 2, reason: 'it ended with 1' },
          ],
        },
      },
    },
  ],
};
const micro = {
  ...resultsOf([]),
  cases: [{ name: 'crc32c', size: '1 MiB', bytes: 1 << 20, native: 20_000.5, ts: 400_000 }],
};

describe('numbers', () => {
  it('have three digits, and a letter for thousands', () => {
    expect([short(24_512_345), short(7120), short(999_999), short(0.012345), short(512)]).toEqual([
      '24.5 M',
      '7.12 k',
      '1 M',
      '0.0123',
      '512',
    ]);
  });

  it('are told in their unit', () => {
    expect(valueText(2_410_000, 'records/s')).toBe('2.41 M/s');
    expect(valueText(412, 'records/s')).toBe('412 /s');
    expect(valueText(0.1234, 's')).toBe('123 ms');
    expect(valueText(14.41, 's')).toBe('14.4 s');
    expect(valueText(0.8249, 'share')).toBe('82 %');
    expect(valueText(1234, 'MB/s')).toBe('1230 MB/s');
  });
});

describe('the table of a work', () => {
  it('has a row for each side, with ratio and promise, and names those that are missing', () => {
    expect(sideRows(work)).toEqual([
      ["Apache Kafka's engine", '1 M/s (1 M/s - 1 M/s)', '1', '', ''],
      [
        'seglog, native',
        '2.6 M/s (2.4 M/s - 2.8 M/s)',
        '2.6 (2.4 - 2.8)',
        '',
        'at least 2.5 times kafka: kept with 2.6, aim 3 not reached',
      ],
      ['lmdb', 'not available: it did not <compile>', '', '', ''],
    ]);
  });

  it('says aloud when a promise is not kept', () => {
    const slow = workOf({ kafka: [10], native: [20] }, { targets });
    expect(sideRows(slow)[1]?.[4]).toMatch(/NOT KEPT with 2, of one turn only/);
  });

  it('keeps its cells apart in Markdown', () => {
    expect(markdownTable(['a', 'b'], [['x|y', 'two\nlines']])).toBe('| a | b |\n|---|---|\n| x\\|y | two lines |');
  });
});

describe('the document', () => {
  it('gets the measured part in its place, and keeps the rest', () => {
    const first = placeMeasured('# Benchmarks\n\nBy hand.\n', 'old');
    const second = placeMeasured(`${first}\nBehind it.\n`, 'new');
    expect(first).toContain('By hand.');
    expect(second).toContain('new');
    expect(second).not.toContain('old');
    expect(second.startsWith('# Benchmarks\n\nBy hand.')).toBe(true);
    expect(second.endsWith('Behind it.\n')).toBe(true);
    expect(placeMeasured(second, 'new')).toBe(second);
  });

  it('says where the numbers come from, and which sides are missing', () => {
    const text = measuredText({ sides, growth, micro });
    for (const part of ['A processor', 'ext4', 'commit abc', 'npm run bench', 'bench/results/2026-11-21.json']) {
      expect(text).toContain(part);
    }
    expect(text).toContain('Not available: lmdb (it did not <compile>).');
    expect(text).toContain('| 2 | 2 M/s (2 M/s - 2 M/s) | not available: it ended with 1 |');
    expect(text).toContain('| crc32c | 1 MiB |');
    expect(missingSides({ works: [work] })).toEqual([['lmdb', 'it did not <compile>']]);
  });

  it('does not call a side missing that ran in another work', () => {
    const broken = { ...workOf({ native: [1] }), sides: { native: { reason: 'ended with 1', turns: [{ value: 1 }] } } };
    expect(missingSides({ works: [broken] })).toEqual([]);
  });
});

describe('the page', () => {
  const text = pageHtml({ sides, growth, micro }, kit);

  it('is one file that asks for nothing from elsewhere and runs no script', () => {
    expect(text.startsWith('<!doctype html>')).toBe(true);
    expect(text).not.toMatch(/<script|<link|<iframe|<img|<object|<embed|@import|\surl\(/i);
    expect(text).not.toMatch(/\s(?:src|href|srcset|data|action)\s*=/i);
    expect(text).not.toMatch(/\son[a-z]+\s*=/i);
  });

  it('has charts of values, of ratios and of growth', () => {
    const charts = [...text.matchAll(/<svg[^>]*aria-label="([^"]*)"/g)].map(([, label]) => label);
    expect(charts).toEqual(['Append &lt;all&gt; &amp; more', 'Append on several threads']);
    const three = pageHtml({ sides: resultsOf([workOf({ kafka: [1], native: [2], ts: [3] })]) }, kit);
    expect(three).toContain('aria-label="Times as good as Apache Kafka');
  });

  it('takes nothing that was measured for markup', () => {
    expect(text).toContain('it did not &lt;compile&gt;');
    expect(text).not.toContain('<compile>');
  });

  it('says when less is better', () => {
    const times = resultsOf([workOf({ kafka: [2], native: [1] }, { better: 'less', unit: 's' })]);
    expect(pageHtml({ sides: times }, kit)).toContain('less is better');
  });

  it('is made of whatever there is', () => {
    expect(pageHtml({}, kit)).toContain('</html>');
    expect(pageHtml({ growth }, kit)).toContain('Append on several threads');
  });
});

describe('the command that is told', () => {
  it('leaves out where on this machine things went', () => {
    expect(ownArguments(['--only', 'append', '--dir', '/data/x', '--quick', '--out=/y'])).toBe(
      ' -- --only append --quick',
    );
    expect(ownArguments(['--suite', 'all'])).toBe('');
  });
});
