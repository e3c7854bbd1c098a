/** Findings about a partition's other files, about how its files fit together, and about a log directory. */
import type { FindingPage } from './page.ts';

export const PARTITION_FINDING_CODES = ['SEGMENTS_OVERLAP'] as const;
/** One of {@link PARTITION_FINDING_CODES}. */
export type PartitionFindingCode = (typeof PARTITION_FINDING_CODES)[number];

/** Their pages. */
export const PARTITION_FINDINGS: Readonly<Record<PartitionFindingCode, FindingPage>> = {
  SEGMENTS_OVERLAP: {
    severity: 'error',
    title: 'Two segments hold the same offsets',
    meaning: "A segment's last offset is not below the next segment's base offset, so some offsets are there twice.",
    causes:
      'Files that were copied back into the directory, a segment renamed by hand, or a swap that a crash interrupted.',
    action: 'Look at both segments with `seglog dump` and move the wrong one out of the directory',
  },
};
