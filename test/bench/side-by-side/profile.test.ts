/** Profiles: samples become a tree, and the tree a picture. */
import { describe, expect, it } from 'vitest';
import { flameGraph } from '../../../bench/profile/svg.mjs';
import { withProfile } from '../../../bench/profile/table.mjs';
import { pruned, topSelf, treeOfPerf } from '../../../bench/profile/tree.mjs';
import { latencyPoints } from '../../../bench/growth/latency.mjs';

const SAMPLE = `node
\t    1234 seglog_core::append<T>::h0123456789abcdef+0x12 (/x/native/seglog.linux.node)
\t    1234 JS:*run file:///x/dist/log/append.js:31:9 (/tmp/perf-1.map)
\t    1234 Builtins_JSEntry (/usr/bin/node)
\t    1234 uv_run (/usr/bin/node)

`;

describe('a profile', () => {
  const tree = treeOfPerf(SAMPLE.repeat(1000) + 'node\n\t    1 clear_page_erms ([kernel.kallsyms])\n\n');

  it('folds what is of Node into one frame, and names the rest', () => {
    expect(tree.total).toBe(1001);
    expect(topSelf(tree, 5).map(({ name, kind }) => [name, kind])).toEqual([
      ['seglog_core::append', 'rust'],
      ['clear_page_erms', 'kernel'],
    ]);
    expect(tree.children[0]?.children[0]?.name).toBe('run log/append.js:31');
  });

  it('leaves out what is too thin to be seen, and draws the rest without a script', () => {
    const svg = flameGraph(pruned(tree), 'append <native>');
    expect(svg).toContain('append &lt;native&gt;');
    expect(svg).toContain('seglog_core::append: 99.9 %');
    expect(svg).not.toContain('clear_page');
    expect(svg).not.toContain('<script');
  });

  it('has its line in the table, in the place of the one before', () => {
    const line = { name: 'append-ts', measured: 'today', top: [{ name: 'a|b', share: 0.5 }] };
    const once = withProfile(undefined, line);
    expect(withProfile(once, line)).toBe(once);
    expect(once).toContain('| [append-ts](append-ts.svg) | today | `a/b` 50 % |');
  });
});

describe('the latency of a point', () => {
  it('is that of the warm rounds of each turn, by side and percentile', () => {
    const line = (p50Us: number): object => ({ work: 'append', serviceTime: { p50Us, p99Us: 2 * p50Us } });
    const sides = { native: { turns: [{ lines: [line(90), line(2)] }, { lines: [line(90), line(4)] }] } };
    const points = latencyPoints(sides, { x: 10, work: 'append', warm: 1 });
    expect(points).toMatchObject([
      { series: 'native, p50', point: { x: 10, median: 3 } },
      { series: 'native, p99', point: { x: 10, median: 6 } },
    ]);
    expect(
      latencyPoints({ kafka: { turns: [{ lines: [{ work: 'append' }] }] } }, { x: 1, work: 'append', warm: 0 }),
    ).toEqual([]);
  });
});
