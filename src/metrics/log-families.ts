/** The metrics of logs as families: those of many logs are summed up where a series for each would be too many. */
import type { MetricFamily, MetricSample } from './families.ts';
import {
  COUNTERS,
  type CounterRow,
  DISTRIBUTIONS,
  type GaugeRow,
  GAUGES,
  type LogState,
  type MeasuredLog,
} from './log-catalogue.ts';
import type { Distributions, Measured } from './measures.ts';

/** For what there are series of their own: each partition, each topic, or nothing. */
export type MetricDetail = 'partition' | 'topic' | 'store';

const LABELS: Readonly<Record<MetricDetail, (log: MeasuredLog) => Readonly<Record<string, string>>>> = {
  partition: ({ topic, partition }) => ({ topic, partition: `${partition}` }),
  topic: ({ topic }) => ({ topic }),
  store: () => ({}),
};

/** Logs that are one in what is told of them. */
interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly logs: MeasuredLog[];
}

function groupsOf(logs: Iterable<MeasuredLog>, detail: MetricDetail): Group[] {
  const groups = new Map<string, Group>();
  for (const log of logs) {
    const labels = LABELS[detail](log);
    const key = Object.values(labels).join('\n');
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, logs: [log] });
    else group.logs.push(log);
  }
  return [...groups.values()];
}

/** The counters and gauges of logs, and whether each has series of its own. */
export function logFamilies(logs: Iterable<MeasuredLog>, detail: MetricDetail): MetricFamily[] {
  const groups = groupsOf(logs, detail);
  const names = [...new Set(COUNTERS.map(({ name }) => name))];
  const counters = names.map((name) =>
    counterFamily(
      COUNTERS.filter((row) => row.name === name),
      groups,
    ),
  );
  return [...counters, ...GAUGES.map((row) => gaugeFamily(row, groups, detail))];
}

function counterFamily(rows: readonly CounterRow[], groups: readonly Group[]): MetricFamily {
  const [{ name, help, labels: first = {} }] = rows as [CounterRow];
  const samples = groups.flatMap((group) =>
    rows.map(({ labels = {}, read }) => ({
      labels: { ...group.labels, ...labels },
      value: group.logs.reduce((total, { measures }) => total + read(measures), 0),
    })),
  );
  return { name, help, type: 'counter', labelNames: ['topic', 'partition', ...Object.keys(first)], samples };
}

function gaugeFamily(row: GaugeRow, groups: readonly Group[], detail: MetricDetail): MetricFamily {
  const { name, help, combine, read } = row;
  const isTold = detail === 'partition' || combine !== 'none';
  const samples = (isTold ? groups : []).flatMap(({ labels, logs }): MetricSample[] => {
    const values = logs.flatMap((log) => read(log) ?? []);
    if (values.length === 0) return [];
    const value = combine === 'max' ? Math.max(...values) : values.reduce((total, one) => total + one, 0);
    return [{ labels, value }];
  });
  return { name, help, type: 'gauge', labelNames: ['topic', 'partition'], samples };
}

/** The distributions. @param labels whose they are: none for those of a whole store */
export function distributionFamilies(
  distributions: Distributions,
  labels: Readonly<Record<string, string>> = {},
): MetricFamily[] {
  return DISTRIBUTIONS.map(({ name, help, read }) => {
    const distribution = read(distributions);
    const sample: MetricSample = { labels, value: distribution.count, distribution };
    return { name, help, type: 'histogram', labelNames: ['topic', 'partition'], samples: [sample] };
  });
}

/** All metrics of one log; of one in a store without the distributions, which are those of all its logs. */
export function singleLogFamilies(
  { measures, distributions }: Pick<Measured, 'measures'> & { readonly distributions: Distributions | undefined },
  place: { readonly topic: string; readonly partition: number },
  state: LogState,
): MetricFamily[] {
  const log: MeasuredLog = { ...place, measures, state, dirtyRatio: undefined };
  const own = distributions === undefined ? [] : distributionFamilies(distributions, LABELS.partition(log));
  return [...logFamilies([log], 'partition'), ...own];
}
