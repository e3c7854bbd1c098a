/** Findings about a partition's other files, about how its files fit together, and about a log directory. */
import { DIRECTORY_FINDING_CODES, DIRECTORY_FINDINGS } from './directory-findings.ts';
import { LAYOUT_FINDING_CODES, LAYOUT_FINDINGS } from './layout-findings.ts';
import type { FindingPage } from './page.ts';
import { STATE_FINDING_CODES, STATE_FINDINGS } from './state-findings.ts';

/** In the order of their pages. */
export const PARTITION_FINDING_CODES: readonly [
  ...typeof LAYOUT_FINDING_CODES,
  ...typeof STATE_FINDING_CODES,
  ...typeof DIRECTORY_FINDING_CODES,
] = [...LAYOUT_FINDING_CODES, ...STATE_FINDING_CODES, ...DIRECTORY_FINDING_CODES];
/** One of {@link PARTITION_FINDING_CODES}. */
export type PartitionFindingCode = (typeof PARTITION_FINDING_CODES)[number];

/** Their pages. */
export const PARTITION_FINDINGS: Readonly<Record<PartitionFindingCode, FindingPage>> = {
  ...LAYOUT_FINDINGS,
  ...STATE_FINDINGS,
  ...DIRECTORY_FINDINGS,
};
