/** Gathers what is found in a file: a file of garbage has millions of faults, and only so many are kept. */
import { type Finding, SEVERITIES, type Severity } from '../findings/finding.ts';

/** How many findings there are of each severity, those that were not kept included. */
export type SeverityCounts = Record<Severity, number>;

/** Counts of nothing. */
export function noFindings(): SeverityCounts {
  return { info: 0, warning: 0, error: 0 };
}

/** Adds `more` to `counts`. */
export function addCounts(counts: SeverityCounts, more: SeverityCounts): void {
  for (const severity of SEVERITIES) counts[severity] += more[severity];
}

/** The findings of one task. Of each file at most `limit` are kept, and all are counted. */
export class FindingSink {
  readonly findings: Finding[] = [];
  readonly counts: SeverityCounts = noFindings();
  readonly #limit: number;
  readonly #only: string | undefined;
  readonly #kept: Map<string, number> = new Map();

  /** @param only the path of the one file that findings are wanted about; of all files unless given */
  constructor(limit: number, only?: string) {
    this.#limit = limit;
    this.#only = only;
  }

  add(finding: Finding): void {
    if (this.#only !== undefined && finding.path !== this.#only) return;
    this.counts[finding.severity]++;
    const kept = this.#kept.get(finding.path) ?? 0;
    if (kept >= this.#limit) return;
    this.#kept.set(finding.path, kept + 1);
    this.findings.push(finding);
  }

  addAll(findings: Iterable<Finding>): void {
    for (const finding of findings) this.add(finding);
  }
}
