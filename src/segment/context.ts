/** What all segments of a log share. */
import type { LogConfig } from '../config/log-config.ts';
import type { Engine } from '../engine/contract.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { Clock } from '../clock/clock.ts';
import type { OpenSegments } from './open-segments.ts';

/** Engine, files, time and configuration: handed down, never looked up. */
export interface SegmentContext {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Replaced as a whole when it is altered: whoever needs a value asks for it here at that moment. */
  config: LogConfig;
  /**
   * What is called before that: whoever has gathered something by the rules that were appends it. Set where there is such a
   * one.
   */
  beforeAlter?: Set<() => void>;
  /** Which segments have their files open. */
  readonly open: OpenSegments;
  /**
   * Builds the index files of a sealed segment anew. Set only where the log is ours to write; without it an index that
   * lies is passed over.
   */
  readonly repairIndexes?: (directory: string, baseOffset: number) => void;
}
