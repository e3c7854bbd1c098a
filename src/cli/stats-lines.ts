/** What `seglog stats --json` prints: a line for each partition, and one for all together. Their fields are those of the contract. */
import type { StatsEnd } from '../inspect/stats/collect.ts';
import { type PartitionStats, STATS_SCHEMA } from '../inspect/stats/contract.ts';
import { jsonText, type JsonValue } from './json-line.ts';

/** A line of JSON. Statistics are plain data, which the compiler does not see of an interface. */
function lineOf(type: string, stats: object): string {
  const value = { type, schema: STATS_SCHEMA, ...stats } as unknown as JsonValue;
  return `${jsonText(value)}\n`;
}

/** The line of a partition, or of a file that was named alone. */
export function partitionLine(partition: PartitionStats): string {
  return lineOf('partition', partition);
}

/** The last line. */
export function totalLine({ now, total, whatIf, failures, notes }: StatsEnd): string {
  return lineOf('total', { now, ...total, whatIf, failures, notes });
}
