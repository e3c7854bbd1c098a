import { describe, expect, it } from 'vitest';
import { type BenchLine, benchLine, type TailLine } from '../../src/bench/line.ts';
import { barChart } from '../../src/bench/page/bar-chart.ts';
import { benchPage } from '../../src/bench/page/bench-page.ts';
import { escapeHtml, preHtml, tableHtml } from '../../src/bench/page/html.ts';
import { lineChart } from '../../src/bench/page/line-chart.ts';
import { page } from '../../src/bench/page/page.ts';
import { scaleOf, shortNumber } from '../../src/bench/page/scale.ts';
import { summarize } from '../../src/bench/summary.ts';

const NASTY = `<script>alert("x")</script>&'`;

function latencyOf(us: number) {
  return {
    ...{ count: 10, minUs: us, meanUs: us, p50Us: us, p90Us: 2 * us, p99Us: 3 * us },
    ...{ p999Us: 4 * us, p9999Us: 5 * us, maxUs: 6 * us },
  };
}

const paced: BenchLine[] = [10, 30, 20].map((us, round) => ({
  ...benchLine('append', round, 'ts', { records: 1000 * (round + 1), bytes: 1e6, elapsedMs: 1000 }),
  ...{ cpuSeconds: 0.5 * (round + 1), peakRssBytes: 1e8 + round, bytesWritten: 5e5, storageBytesRead: 0 },
  ...{ rate: 1000, latency: latencyOf(us), serviceTime: latencyOf(us / 2) },
}));

describe('a page', () => {
  it('lets no text become anything else', () => {
    const html = page({ title: NASTY, lead: NASTY, parts: [{ title: NASTY, html: preHtml(NASTY) }] });
    expect(html).not.toContain('<script');
    expect(html.split(escapeHtml(NASTY))).toHaveLength(6);
    for (const chart of [
      barChart({ title: NASTY, unit: NASTY, bars: [{ label: NASTY, value: 1, note: NASTY }] }),
      lineChart({
        ...{ title: NASTY, xLabel: NASTY, yLabel: NASTY, xScale: 'linear', yScale: 'linear' },
        series: [{ name: NASTY, points: [{ x: 1, y: 1 }] }],
        xTicks: [{ at: 1, text: NASTY }],
      }),
      tableHtml([NASTY], [[NASTY]]),
    ]) {
      expect(chart).not.toContain('<script');
    }
  });

  it('needs nothing from elsewhere', () => {
    const html = benchPage(paced, { command: 'seglog bench append', machine: [['Node', 'v20']] });
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|https?:/);
    expect(html).toContain('<td>Node</td><td>v20</td>');
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).not.toContain('NaN');
  });

  it('has columns of numbers on the right, and no others', () => {
    const html = tableHtml(
      ['what', 'how much', 'mixed'],
      [
        ['a', 1234.5, '5 s'],
        ['b', '7', 'none'],
      ],
    );
    expect(html).toContain('<th>what</th><th class="number">how much</th><th>mixed</th>');
    expect(html).toContain('<td>a</td><td class="number">1,234.5</td><td>5 s</td>');
  });
});

describe('charts', () => {
  it('bars are as long as their values, from 0', () => {
    const svg = barChart({ title: 't', unit: 'x', bars: [50, 100, 0].map((value) => ({ label: 'b', value })) });
    const widths = [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/g)].map(([, width]) => Number(width));
    expect((widths[1] as number) / (widths[0] as number)).toBeCloseTo(2, 2);
    expect(widths[2]).toBe(0);
  });

  it('a whisker goes from the least to the most', () => {
    const svg = barChart({ title: 't', unit: 'x', bars: [{ label: 'b', value: 100, low: 50, high: 150 }] });
    const [, from, to] = /class="whisker" d="M([\d.]+) \d+H([\d.]+)/.exec(svg) ?? [];
    const width = Number(/<rect [^>]*width="([\d.]+)"/.exec(svg)?.[1]);
    expect((Number(to) - Number(from)) / width).toBeCloseTo(1, 2);
  });

  it('a line goes through its points: on a logarithmic axis, equal steps for equal factors', () => {
    const svg = lineChart({
      ...{ title: 't', xLabel: 'x', yLabel: 'y', xScale: 'log', yScale: 'linear' },
      series: [{ name: 's', points: [1, 10, 100].map((x) => ({ x, y: x })) }],
    });
    const xs = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, x]) => Number(x));
    expect((xs[1] as number) - (xs[0] as number)).toBeCloseTo((xs[2] as number) - (xs[1] as number), 0);
  });

  it.each([
    ['linear', [3, 97], [0, 100]],
    ['linear', [0, 0], [0, 1]],
    ['linear', [0.012], [0, 0.015]],
    ['log', [3, 970], [1, 1000]],
    ['log', [0, 5], [1, 10]],
    ['log', [], [0, 1]],
  ] as const)('a %s axis for %j goes from %j', (kind, values, [first, last]) => {
    const scale = scaleOf(kind, values);
    expect(scale.ticks[0]).toBeCloseTo(first);
    expect(scale.ticks.at(-1)).toBeCloseTo(last);
    for (const value of values) {
      expect(scale.place(value)).toBeGreaterThanOrEqual(0);
      expect(scale.place(value)).toBeLessThanOrEqual(1);
    }
  });

  it('numbers are short', () => {
    expect([0, 7.25, 999, 1234, 24_312_345, 3e9].map(shortNumber)).toEqual([
      '0',
      '7.25',
      '999',
      '1.23 k',
      '24.3 M',
      '3 G',
    ]);
  });
});

describe('a summary', () => {
  it('has medians, the ends, and what each million cost', () => {
    expect(summarize(paced)).toEqual([
      {
        ...{ work: 'append', engine: 'ts', rounds: 3, cpuSecondsPerMillion: 500, peakRssBytes: 1e8 + 2 },
        recordsPerSecond: { median: 2000, low: 1000, high: 3000 },
        megabytesPerSecond: { median: 1, low: 1, high: 1 },
        ...{ bytesWritten: 5e5, storageBytesRead: 0 },
        latencies: [
          { name: 'latency, from when it was due', of: latencyOf(20) },
          { name: 'service time, from when it began', of: latencyOf(10) },
        ],
      },
    ]);
  });

  it('is one a work, and says nothing where a line does not', () => {
    const bare = benchLine('sync', 0, 'ts', { records: 4, bytes: 10, elapsedMs: 1000 });
    const tail: TailLine = { ...bare, work: 'tail-latency', delivery: latencyOf(7) };
    const [sync, followed] = summarize([bare, tail]);
    expect(sync).toMatchObject({
      work: 'sync',
      cpuSecondsPerMillion: undefined,
      peakRssBytes: undefined,
      latencies: [],
    });
    expect(followed?.latencies.map(({ of }) => of)).toEqual([latencyOf(7)]);
  });
});
