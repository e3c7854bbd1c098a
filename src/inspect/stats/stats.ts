/** The door for programs: statistics of directories on this machine. */
import { systemClock } from '../../clock/clock.ts';
import { defaultEngine } from '../../engine/select.ts';
import { nodeFileSystem } from '../../fs/node-fs.ts';
import { collectStats as collect } from './collect.ts';
import type { LogStats, StatsOptions } from './contract.ts';

/**
 * Statistics of `.log` files, partition directories and log directories, whoever wrote them: records, keys, sizes, codecs and
 * what others would do, timestamps, producers, growth. Reads only, and in memory that does not grow with the log. What
 * `seglog stats` prints; [its page](../../docs/stats.md) says what each number is.
 *
 * Damage ends nothing: it is counted and listed in `findingList`, and the scan goes on behind it. What could not be read is in
 * `failures`.
 *
 * @param paths - at least one
 * @throws SeglogError `INVALID_ARGUMENT` when none of the paths can be scanned, or an option is not as it should be
 * @example
 * ```ts
 * const { total } = await collectStats(['data/events-0'], { topKeys: 3, whatIf: 'none' });
 * console.log(total.records, total.keys.distinct, total.topKeys.keys[0]?.key);
 * ```
 */
export function collectStats(paths: readonly string[], options: StatsOptions = {}): Promise<LogStats> {
  return collect({ engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock }, paths, options);
}
