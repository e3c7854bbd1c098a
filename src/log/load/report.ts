/** What opening a log may do to it, and what it says that it did. */
import type { SeglogError } from '../../errors/errors.ts';

/** How a log is opened that was not closed clean. */
export interface RecoveryOptions {
  /**
   * What happens to a bad batch above the recovery point. `truncate` (default): it is cut with all behind it, as Kafka
   * does, after a copy went to `quarantine/`. `refuse`: nothing is cut, opening fails with `RECOVERY_REFUSED`.
   */
  readonly mode?: 'truncate' | 'refuse';
  /** Whether the log counts as closed clean; default: what its marks say. */
  readonly clean?: boolean;
  /** The recovery point; default: what the log directory's checkpoint says, 0 without one. */
  readonly recoveryPoint?: number;
  /** The log start; default: what the log directory's checkpoint says. */
  readonly logStartOffset?: number;
  /** Called now and then during a scan. */
  readonly onProgress?: (progress: RecoveryProgress) => void;
}

/** How far recovery is. */
export interface RecoveryProgress {
  readonly scannedBytes: number;
  readonly totalBytes: number;
  /** At the speed so far, in milliseconds. */
  readonly remainingMs: number;
}

/**
 * Why bytes were cut. `torn-tail`: nothing valid follows. `hole-in-unsynced-tail`: valid batches follow, which proves
 * nothing above the recovery point, since pages reach the disk in any order. `zero-tail`: space that was set aside and never
 * written. `behind-a-cut`: a whole segment behind a cut. `below-log-start`: the log ends below its start.
 */
export type CutKind = 'torn-tail' | 'hole-in-unsynced-tail' | 'zero-tail' | 'behind-a-cut' | 'below-log-start';

/** Bytes that recovery took out of the log. */
export interface Cut {
  readonly kind: CutKind;
  readonly file: string;
  /** Where the cut is in the file, and how many bytes it took. */
  readonly position: number;
  readonly bytes: number;
  /** The offset that the log has there now. */
  readonly offset: number;
  readonly reason: string;
  /** Where the bytes are now; undefined for zeros. */
  readonly savedTo: string | undefined;
}

/** Damage below the recovery point: never cut. The log is served up to it, and takes no appends. */
export interface Corruption {
  readonly file: string;
  readonly position: number;
  /** The first offset that is not served. */
  readonly offset: number;
  readonly error: SeglogError;
}

/** What opening found and did, when the log had not been closed clean. */
export interface RecoveryReport {
  /** Segments scanned, and their bytes. */
  readonly scannedSegments: number;
  readonly scannedBytes: number;
  readonly cuts: readonly Cut[];
  /** Bytes of all cuts; zero tails do not count. */
  readonly cutBytes: number;
  /** The directory that holds what was cut; undefined when nothing is there. */
  readonly quarantine: string | undefined;
  /** Why the first cut was made; undefined when none was. */
  readonly reason: string | undefined;
  /** Leftovers of an interrupted compaction, split or deletion that were removed or put in place. */
  readonly leftovers: readonly string[];
}
