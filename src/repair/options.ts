/** What repair can be told. */
import type { Clock } from '../clock/clock.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { RecoveryProgress } from '../log/load/report.ts';

/**
 * What happens to damage in a .log. `cut`: the log ends before it, as recovery does it. `excise`: only the damaged bytes
 * go, the valid batches behind them stay. `keep`: the damaged segments are left alone, with all that depends on them; what can be
 * derived for the others is.
 */
export const ON_CORRUPT = ['cut', 'excise', 'keep'] as const;
/** One of {@link ON_CORRUPT}. */
export type OnCorrupt = (typeof ON_CORRUPT)[number];

/** Bytes `from` to `to`, exclusive, of a .log of the partition, to be taken out on request. */
export interface AskedRange {
  /** The file's name, without its directory. */
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

/** How a partition is repaired. */
export interface RepairOptions {
  readonly fs: FileSystem;
  readonly engine: Engine;
  readonly clock: Clock;
  /** As the broker has it: what the indexes depend on. Default: Kafka's. */
  readonly config?: Partial<LogConfig>;
  /** Default `cut`. */
  readonly onCorrupt?: OnCorrupt;
  readonly ranges?: readonly AskedRange[];
  readonly onProgress?: (progress: RecoveryProgress) => void;
}
