/** Findings within the files of one segment: .log, .index and .timeindex. */
import type { FindingPage } from './page.ts';

export const FILE_FINDING_CODES = ['BATCH_CRC_MISMATCH'] as const;
/** One of {@link FILE_FINDING_CODES}. */
export type FileFindingCode = (typeof FILE_FINDING_CODES)[number];

/** Their pages. */
export const FILE_FINDINGS: Readonly<Record<FileFindingCode, FindingPage>> = {
  BATCH_CRC_MISMATCH: {
    severity: 'error',
    title: "A batch's checksum does not match its bytes",
    meaning: 'The bytes behind the header differ from those that were written. None of the batch can be trusted.',
    causes:
      'A failing disk or memory, a copy that went wrong, a writer other than Kafka, or a write that a crash tore.',
    action:
      'Restore the segment from a replica, or look at `seglog repair`, which cuts or excises the batch and keeps its bytes',
  },
};
