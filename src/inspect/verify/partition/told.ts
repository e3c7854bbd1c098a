/** Makes findings from offsets as they are counted here, in bigints, and from what may not be known. */
import type { Finding, Severity } from '../../findings/finding.ts';
import type { PartitionFindingCode } from '../../findings/partition-findings.ts';
import { PARTITION_FINDINGS } from '../../findings/partition-findings.ts';
import { type Int64, narrow } from '../../int64.ts';
import { makeFinding } from '../finding.ts';

/** Characters of a line of a file that was not what was expected: the file may be one line. */
const MAX_TEXT = 200;

/** What differs from finding to finding. */
export interface Told {
  /** Bytes from the start of the file; undefined when all of it is meant. */
  readonly position?: number | undefined;
  readonly offsets?: readonly [Int64, Int64] | undefined;
  readonly expected?: string | Int64 | undefined;
  readonly found?: string | Int64 | undefined;
  /** What is to be said beyond the title of the page. */
  readonly message?: string | undefined;
  readonly severity?: Severity | undefined;
}

/** A finding about the file or directory at `path`. */
export function told(code: PartitionFindingCode, path: string, what: Told = {}): Finding {
  const { position, offsets, expected, found, message, severity } = what;
  return makeFinding(code, path, {
    ...(position === undefined ? {} : { position }),
    ...(offsets === undefined ? {} : { offsets: [exact(offsets[0]), exact(offsets[1])] }),
    ...(expected === undefined ? {} : { expected: shown(expected) }),
    ...(found === undefined ? {} : { found: shown(found) }),
    ...(message === undefined ? {} : { message: `${PARTITION_FINDINGS[code].title}: ${message}` }),
    ...(severity === undefined ? {} : { severity }),
  });
}

function exact(offset: Int64): Int64 {
  return typeof offset === 'bigint' ? narrow(offset) : offset;
}

/** As a number where that is exact, so that whoever reads the lines of JSON finds numbers. Of long texts the beginning. */
function shown(value: string | Int64): string | Int64 {
  if (typeof value !== 'string') return exact(value);
  return value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}...` : value;
}
