/** Makes findings: severity and action come from the code's page unless something better is known. */
import { basename } from 'node:path';
import { CATALOGUE, type FindingCode } from '../findings/catalogue.ts';
import type { Finding, Severity } from '../findings/finding.ts';
import type { Int64 } from '../int64.ts';

/** What is known of a fault besides its code and file. */
export interface FindingDetails {
  /** In words; the page's title unless given. */
  readonly message?: string;
  /** Where in the file; the whole file is meant unless given. */
  readonly position?: number;
  readonly offsets?: readonly [Int64, Int64];
  readonly expected?: string | number | bigint;
  readonly found?: string | number | bigint;
  readonly action?: string;
  readonly severity?: Severity;
}

/** A finding of that code about the file or directory at `path`. */
export function makeFinding(code: FindingCode, path: string, details: FindingDetails = {}): Finding {
  const page = CATALOGUE[code];
  return {
    code,
    severity: details.severity ?? page.severity,
    file: basename(path),
    position: details.position ?? null,
    offsets: details.offsets ?? null,
    expected: details.expected ?? null,
    found: details.found ?? null,
    action: details.action ?? page.action,
    message: details.message ?? page.title,
    path,
  };
}
