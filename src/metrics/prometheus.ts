/**
 * Metrics for prom-client, which makes Prometheus' text of them. It is an optional peer: this room never loads it, whoever wants
 * it hands its module in.
 */
import { type MetricFamily, type MetricSample, type MetricSource, mergeFamilies } from './families.ts';

/** What a metric of prom-client is made with. */
interface PromConfiguration {
  readonly name: string;
  readonly help: string;
  readonly labelNames: string[];
  readonly registers: [];
}

/** One line of the text: `name{labels} value`. */
interface PromValue {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName?: string;
}

/** A metric of prom-client, as far as it is used here: it is asked for its values when somebody scrapes. */
interface PromMetric {
  /** Not in its types. */
  readonly name?: string;
  get: () => Promise<unknown>;
}

type PromMetricClass = new (configuration: PromConfiguration) => PromMetric;

/** Where prom-client keeps metrics. */
export interface PromRegistry {
  // A method, so that prom-client's own, which asks for one of its own classes, is one of these.
  registerMetric(metric: PromMetric): void;
}

/** prom-client's module, as far as it is used. */
export interface PromClient {
  readonly Counter: PromMetricClass;
  readonly Gauge: PromMetricClass;
  readonly Histogram: PromMetricClass;
  readonly register: PromRegistry;
}

/**
 * Registers the metrics of a store, or of logs that are open by themselves, with prom-client. They are looked up when
 * somebody asks the registry for them, and cost nothing until then.
 *
 * @param prom - prom-client's module (15.x)
 * @param registry - default: prom-client's own. Two stores in one process need one each: their names are the same
 * @throws what prom-client throws when one of the names is registered already
 * @example
 * ```ts
 * import * as prom from 'prom-client';
 *
 * registerMetrics(store, prom);
 * createServer(async (_request, response) => response.end(await prom.register.metrics())).listen(9404, '127.0.0.1');
 * ```
 */
export function registerMetrics(
  sources: MetricSource | readonly MetricSource[],
  prom: PromClient,
  registry: PromRegistry = prom.register,
): void {
  const all = 'metrics' in sources ? [sources] : sources;
  const latest = new Latest(() => mergeFamilies(all.map((source) => source.metrics())));
  for (const family of latest.families) registry.registerMetric(promMetric(family, prom, latest));
}

/** A scrape asks each metric in one turn: all of them answer from one look. */
class Latest {
  readonly #look: () => readonly MetricFamily[];
  #families: readonly MetricFamily[] | undefined;

  constructor(look: () => readonly MetricFamily[]) {
    this.#look = look;
  }

  get families(): readonly MetricFamily[] {
    if (this.#families === undefined) {
      this.#families = this.#look();
      queueMicrotask(() => (this.#families = undefined));
    }
    return this.#families;
  }
}

const CLASSES = { counter: 'Counter', gauge: 'Gauge', histogram: 'Histogram' } as const;

function promMetric({ name, help, type, labelNames }: MetricFamily, prom: PromClient, latest: Latest): PromMetric {
  const metric = new prom[CLASSES[type]]({ name, help, labelNames: [...labelNames], registers: [] });
  const get = async (): Promise<unknown> => {
    const samples = latest.families.find((family) => family.name === name)?.samples ?? [];
    // A registry of OpenMetrics renames its counters.
    return {
      name: metric.name ?? name,
      help,
      type,
      aggregator: 'sum',
      values: samples.flatMap((sample) => valuesOf(name, sample)),
    };
  };
  // The second is how prom-client's histogram gives itself to a registry.
  return Object.assign(metric, { get, getForPromString: get });
}

function valuesOf(name: string, { labels, value, distribution }: MetricSample): PromValue[] {
  if (distribution === undefined) return [{ labels: { ...labels }, value }];
  const { buckets, sum, count } = distribution;
  return [
    ...buckets.map(({ le, count: atMost }) => {
      const end = le === Infinity ? '+Inf' : le;
      return { metricName: `${name}_bucket`, labels: { ...labels, le: end }, value: atMost };
    }),
    { metricName: `${name}_sum`, labels: { ...labels }, value: sum },
    { metricName: `${name}_count`, labels: { ...labels }, value: count },
  ];
}
