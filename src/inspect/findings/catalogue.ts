/** Every finding there is: the closed set of codes, and a page about each, which `seglog help CODE` prints. */
import { FILE_FINDINGS, type FileFindingCode } from './file-findings.ts';
import type { FindingPage } from './page.ts';
import { PARTITION_FINDINGS, type PartitionFindingCode } from './partition-findings.ts';

/** A code of {@link CATALOGUE}. */
export type FindingCode = FileFindingCode | PartitionFindingCode;

/** The page of every code. */
export const CATALOGUE: Readonly<Record<FindingCode, FindingPage>> = { ...FILE_FINDINGS, ...PARTITION_FINDINGS };
