/** Collects statistics on this thread, at a moment that does not move. */
import { type Clock, ManualClock } from '../../../src/clock/clock.ts';
import { defaultEngine } from '../../../src/engine/select.ts';
import type { FileSystem } from '../../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../../src/fs/node-fs.ts';
import { collectStats, StatsCollection } from '../../../src/inspect/stats/collect.ts';
import type { LogStats, PartitionStats, StatsOptions } from '../../../src/inspect/stats/contract.ts';
import type { Machine } from '../../../src/inspect/verify/task.ts';

/** The day after the fixtures' last timestamps. */
export const NOW = 1_800_000_000_000;

function machine(fs: FileSystem = nodeFileSystem, clock: Clock = new ManualClock(NOW)): Machine {
  return { engine: defaultEngine(), fs, clock };
}

/** Without a trial of codecs, unless asked for. */
export function statsOf(
  paths: readonly string[],
  options: StatsOptions = {},
  fs?: FileSystem,
  clock?: Clock,
): Promise<LogStats> {
  return collectStats(machine(fs, clock), paths, { whatIf: 'none', ...options });
}

/** The same, with files cut in parts of so many bytes. */
export async function statsInParts(paths: readonly string[], partBytes: number): Promise<LogStats> {
  const collection = new StatsCollection(machine(), paths, { whatIf: 'none' }, partBytes);
  const partitions: PartitionStats[] = [];
  for await (const partition of collection.partitions()) partitions.push(partition);
  return { ...(await collection.finish()), partitions };
}

/** A partition `/d/t-0` in memory with one segment. */
export function inMemory(bytes: Uint8Array, name = '00000000000000000000.log'): FileSystem {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/d');
  fs.makeDirectory('/d/t-0');
  const file = fs.open(`/d/t-0/${name}`, 'new');
  file.write(bytes, 0, bytes.length, 0);
  file.close();
  return fs;
}

/** Statistics of bytes, as the one segment of a partition. */
export async function statsOfBytes(bytes: Uint8Array, options: StatsOptions = {}): Promise<PartitionStats> {
  const { partitions } = await statsOf(['/d/t-0'], options, inMemory(bytes));
  return partitions[0] as PartitionStats;
}
