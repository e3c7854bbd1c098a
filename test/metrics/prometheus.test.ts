/** Metrics as Prometheus reads them, made by the real prom-client. */
import { join } from 'node:path';
import * as prom from 'prom-client';
import { expect, it } from 'vitest';
import { Log, type MetricFamily, registerMetrics } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

/** A source whose numbers are known. */
function fixed(families: () => MetricFamily[]): { metrics(): MetricFamily[] } {
  return { metrics: families };
}

const distribution = {
  buckets: [
    { le: 0.5, count: 1 },
    { le: Infinity, count: 3 },
  ],
  sum: 7.5,
  count: 3,
};
const FAMILIES: MetricFamily[] = [
  {
    ...{ name: 'x_things_total', type: 'counter', help: 'Things.', labelNames: ['topic'] },
    samples: [
      { labels: { topic: 'a' }, value: 1 },
      { labels: { topic: 'b"\\\n' }, value: 2 ** 40 },
    ],
  },
  { name: 'x_size_bytes', type: 'gauge', help: 'Size.', labelNames: [], samples: [{ labels: {}, value: 3 }] },
  {
    ...{ name: 'x_work_seconds', type: 'histogram', help: 'Work.', labelNames: ['topic'] },
    samples: [{ labels: { topic: 'a' }, value: 3, distribution }],
  },
  { name: 'x_nothing', type: 'gauge', help: 'Nothing yet.', labelNames: [], samples: [] },
];

it('are counters, gauges and histograms in the text format', async () => {
  const registry = new prom.Registry();
  registerMetrics(
    fixed(() => FAMILIES),
    prom,
    registry,
  );
  expect(await registry.metrics()).toBe(
    [
      '# HELP x_things_total Things.\n# TYPE x_things_total counter\n',
      'x_things_total{topic="a"} 1\nx_things_total{topic="b\\"\\\\\\n"} 1099511627776\n\n',
      '# HELP x_size_bytes Size.\n# TYPE x_size_bytes gauge\nx_size_bytes 3\n\n',
      '# HELP x_work_seconds Work.\n# TYPE x_work_seconds histogram\n',
      'x_work_seconds_bucket{topic="a",le="0.5"} 1\nx_work_seconds_bucket{topic="a",le="+Inf"} 3\n',
      'x_work_seconds_sum{topic="a"} 7.5\nx_work_seconds_count{topic="a"} 3\n\n',
      '# HELP x_nothing Nothing yet.\n# TYPE x_nothing gauge\n',
    ].join(''),
  );
});

it('are OpenMetrics where the registry is, and have its default labels', async () => {
  const registry = new prom.Registry<prom.OpenMetricsContentType>();
  registry.setContentType(prom.Registry.OPENMETRICS_CONTENT_TYPE);
  registry.setDefaultLabels({ host: 'h' });
  registerMetrics(
    fixed(() => FAMILIES.slice(0, 2)),
    prom,
    registry,
  );
  for (let scrape = 0; scrape < 2; scrape++) {
    const text = await registry.metrics();
    expect(text).toContain('# TYPE x_things counter\nx_things_total{topic="a",host="h"} 1\n');
    expect(text).toMatch(/x_size_bytes\{host="h"\} 3\n# EOF\n$/);
  }
});

it('come from one look at each source for each scrape, as they are then', async () => {
  let looks = 0;
  const source = fixed(() => {
    looks++;
    return FAMILIES.map((family) => ({ ...family, samples: [{ labels: {}, value: looks }] }));
  });
  const registry = new prom.Registry();
  registerMetrics(source, prom, registry);
  await Promise.resolve();
  const before = looks;
  expect(await registry.metrics()).toContain(`x_size_bytes ${before + 1}\n`);
  expect(await registry.metrics()).toContain(`x_things_total ${before + 2}\n`);
  expect(looks).toBe(before + 2);
});

it('are those of several logs together, by their labels', async () => {
  const directory = scratch();
  await using a = await Log.open(join(directory, 'a-0'));
  await using b = await Log.open(join(directory, 'b-7'));
  await a.append({ value: '1' });
  await b.append([{ value: '1' }, { value: '2' }]);
  const registry = new prom.Registry();
  registerMetrics([a, b], prom, registry);
  const lines = (await registry.metrics()).split('\n');
  expect(lines.filter((line) => line.startsWith('seglog_append_records_total'))).toEqual([
    'seglog_append_records_total{topic="a",partition="0"} 1',
    'seglog_append_records_total{topic="b",partition="7"} 2',
  ]);
  expect(lines.filter((line) => line.startsWith('seglog_append_batch_bytes_count'))).toEqual([
    'seglog_append_batch_bytes_count{topic="a",partition="0"} 1',
    'seglog_append_batch_bytes_count{topic="b",partition="7"} 1',
  ]);
  expect(() => registerMetrics(a, prom, registry)).toThrow(/already been registered/);
});

it("go to prom-client's own registry unless another is given", async () => {
  try {
    registerMetrics(
      fixed(() => FAMILIES),
      prom,
    );
    expect(await prom.register.getSingleMetricAsString('x_size_bytes')).toContain('x_size_bytes 3');
  } finally {
    prom.register.clear();
  }
});

it('have names and units by the conventions of Prometheus', async () => {
  await using log = await Log.open(join(scratch(), 'a-0'));
  for (const { name, type, help, samples } of log.metrics()) {
    expect(name).toMatch(/^seglog_[a-z]+(?:_[a-z]+)*$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    if (type === 'histogram') expect(name).toMatch(/_(?:seconds|bytes)$/);
    expect(help).toMatch(/^[A-Z].*\.$/);
    for (const { labels } of samples) expect(labels).toMatchObject({ topic: 'a', partition: '0' });
  }
});
