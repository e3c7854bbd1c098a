/** One round of cleaning: builds the offset map, and writes what stays of each group of segments. */
import type { OffsetMap } from '../engine/contract.ts';
import { groupSegments } from '../policy/grouping.ts';
import type { Offset } from '../units/units.ts';
import { AbortedCursor } from './aborted.ts';
import { BatchFates } from './batch-fate.ts';
import { type WrittenGroup, writeGroup } from './clean-group.ts';
import { CleanPass } from './clean-pass.ts';
import type { CleanedGroup, CleanerMachine, CleanHooks, CleanRequest, CleanRound } from './contract.ts';
import { follow } from './follow.ts';
import { fillMap } from './map-pass.ts';
import { removeCleaned } from './output.ts';
import { Round } from './round.ts';
import { TransactionPass } from './transactions.ts';

/** Kafka's `log.cleaner.dedupe.buffer.size` and `log.cleaner.io.buffer.load.factor`. */
const OFFSET_MAP_BYTES = 128 * 1024 * 1024;
const LOAD_FACTOR = 0.9;

/**
 * Cleans sealed segments, as of `request.nowMs`: writes `.cleaned` files and nothing else. Whoever owns the log puts them in
 * the place of their sources, which must not change until then.
 *
 * A round ends at `firstUncleanableOffset`, or where the offset map is full: then another round goes on from `endOffset`, once
 * the groups of this one are in place.
 *
 * @throws SeglogError what is wrong with a batch that cannot be read or is not whole; `CORRUPT_INDEX` when a transaction index
 * and the markers contradict each other; `INVALID_ARGUMENT`, `IO`. The `.cleaned` files of groups that nobody took over are removed. Also the reason of `hooks.signal`, once that is aborted.
 */
export async function cleanSegments(
  machine: CleanerMachine,
  request: CleanRequest,
  hooks: CleanHooks = {},
): Promise<CleanRound> {
  const { offsetMapBytes = OFFSET_MAP_BYTES, offsetMapLoadFactor = LOAD_FACTOR } = request;
  const map = machine.engine.createOffsetMap(offsetMapBytes, offsetMapLoadFactor);
  try {
    return await cleanWith(machine, request, hooks, map);
  } finally {
    map.release();
  }
}

async function cleanWith(
  machine: CleanerMachine,
  request: CleanRequest,
  hooks: CleanHooks,
  map: OffsetMap,
): Promise<CleanRound> {
  const { clock } = machine;
  const round = new Round(machine, request, hooks);
  const started = clock.monotonicMs();
  const latestOffset = await fillMap(round, map);
  const mapped = clock.monotonicMs();
  const groups = await cleanGroups(round, map, latestOffset, hooks);
  return {
    endOffset: latestOffset + 1,
    groups,
    statistics: {
      ...round.counts,
      mapKeys: map.size,
      isMapFull: latestOffset + 1 < request.firstUncleanableOffset,
      mapMs: mapped - started,
      cleanMs: clock.monotonicMs() - mapped,
    },
  };
}

async function cleanGroups(
  round: Round,
  map: OffsetMap,
  latestOffset: Offset,
  hooks: CleanHooks,
): Promise<CleanedGroup[]> {
  const { machine, request, sources } = round;
  const endOffset = latestOffset + 1;
  // Without anything dirty there is no map, and nothing to judge by.
  const segments = endOffset > request.firstDirtyOffset ? sources.below(endOffset) : [];
  round.begin('clean', segments);
  const start = segments[0]?.baseOffset ?? 0;
  const transactions = new TransactionPass(new AbortedCursor(machine, request, start), false);
  const fates = new BatchFates(machine.engine, transactions, request);
  const pass = new CleanPass(round, map, latestOffset);
  const tools = { round, pass, fates, transactions, legacyHorizonMs: sources.legacyHorizonMs() };
  const groups: CleanedGroup[] = [];
  /** Written, and not given: the last one is being synced. */
  const pending: WrittenGroup[] = [];
  /** Data of a transaction went by its index entry alone: a group that lacks some is given once the marker has come. */
  const giveUpTo = async (most: number): Promise<void> => {
    while (pending.length > most && (pending[0] as WrittenGroup).end <= transactions.unconfirmedFrom) {
      const group = await (pending[0] as WrittenGroup).done;
      pending.shift();
      groups.push(group);
      await hooks.onGroup?.(group);
    }
  };
  try {
    for (const group of groupSegments(segments, request, request.firstUncleanableOffset)) {
      pending.push(await writeGroup(tools, group));
      await pending.at(-2)?.done;
      await giveUpTo(1);
    }
    const end = segments.at(-1)?.nextOffset ?? Infinity;
    await follow(round, transactions, end, () => transactions.unconfirmedFrom === Infinity);
    transactions.end();
    await giveUpTo(0);
  } catch (error) {
    for (const written of pending) await written.discard().catch(() => undefined);
    // What was handed over is the owner's; what was not is of no use to anybody.
    const untaken = hooks.onGroup === undefined ? groups : [];
    for (const { cleaned } of untaken)
      for (const { baseOffset } of cleaned) removeCleaned(machine, request, baseOffset);
    throw error;
  }
  return groups;
}
