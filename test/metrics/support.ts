/** Looking things up in metrics. */
import type { MetricFamily, MetricSample } from '../../src/index.ts';

function familyOf(families: readonly MetricFamily[], name: string): MetricFamily {
  const found = families.filter((family) => family.name === name);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} families are called ${name}`);
  return found[0];
}

/** The samples that have at least these labels. */
export function samplesOf(
  families: readonly MetricFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): MetricSample[] {
  return familyOf(families, name).samples.filter((sample) =>
    Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
}

/** The one value of a name, with these labels. */
export function valueOf(
  families: readonly MetricFamily[],
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const samples = samplesOf(families, name, labels);
  if (samples.length !== 1 || samples[0] === undefined) {
    throw new Error(`${samples.length} samples of ${name} have ${JSON.stringify(labels)}`);
  }
  return samples[0].value;
}
