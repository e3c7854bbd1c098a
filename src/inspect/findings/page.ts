/** The page about a finding code. */
import type { Severity } from './finding.ts';

/** What is told of a finding code, in plain sentences. */
export interface FindingPage {
  readonly severity: Severity;
  /** A line: what is wrong. */
  readonly title: string;
  /** What was checked, and what it means for the data. */
  readonly meaning: string;
  /** How files come to be so. */
  readonly causes: string;
  /** What to do. Also the `action` of a finding that has nothing better to say. */
  readonly action: string;
}
