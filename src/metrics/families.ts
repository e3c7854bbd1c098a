/** Metrics as they are handed out: families of samples, by Prometheus' conventions, without Prometheus. */
import type { Distribution } from './histogram.ts';

/** One number, or one distribution, and the labels that tell it from the others of its family. */
export interface MetricSample {
  readonly labels: Readonly<Record<string, string>>;
  /** Of a histogram: how many values it has. */
  readonly value: number;
  /** Of a histogram only. */
  readonly distribution?: Distribution;
}

/** Samples of one name. Every family is there from the beginning, if without a sample. */
export interface MetricFamily {
  /** With its unit: `_bytes`, `_seconds`; `_total` for counters. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  /** Labels that its samples may have. */
  readonly labelNames: readonly string[];
  readonly samples: readonly MetricSample[];
}

/** A store, or a log: whatever can say how its metrics stand. */
export interface MetricSource {
  metrics(): readonly MetricFamily[];
}

/** Puts families of several sources together by their names, in the order in which the names come first. */
export function mergeFamilies(all: Iterable<readonly MetricFamily[]>): MetricFamily[] {
  const merged = new Map<string, MetricFamily>();
  for (const family of [...all].flat()) {
    const known = merged.get(family.name);
    const samples = known === undefined ? family.samples : [...known.samples, ...family.samples];
    merged.set(family.name, { ...(known ?? family), samples });
  }
  return [...merged.values()];
}
