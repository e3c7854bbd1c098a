/** Steps that take records away: compaction, retention, deletion of records, truncation. */
import type { Log } from '../../src/index.ts';
import type { Random } from './random.ts';
import { cut, type ModelStore } from './store-model.ts';
import type { Deed, Life } from './store-model-life.ts';
import { codeOf, DAY, MINUTE, placed, somewhere } from './store-model-places.ts';
import { append } from './store-model-records.ts';

/** Compacts at once, all that can be, and looks whether it is. */
export function compact(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined || life.isCompacting) return append(life, random);
  const deleteRetentionMs = random.pick([undefined, 0, MINUTE]);
  const segmentBytes = random.pick([undefined, 300, 1_000_000]);
  const now = life.clock.now() + random.pick([0, 0, MINUTE, DAY]);
  const offsetMapBytes = random.pick([undefined, undefined, 2400]);
  const options = {
    ...{ now, minCompactionLagMs: random.pick([0, 0, MINUTE]) },
    ...(deleteRetentionMs === undefined ? {} : { deleteRetentionMs }),
    ...(segmentBytes === undefined ? {} : { segmentBytes }),
    ...(offsetMapBytes === undefined ? {} : { offsetMapBytes }),
  };
  const heedOptions = (model: ModelStore): void => {
    const partition = placed(model, place);
    partition.wasCompacted = true;
    partition.maxNow = Math.max(partition.maxNow, now);
    partition.deleteRetentionMs = Math.min(partition.deleteRetentionMs, deleteRetentionMs ?? Infinity);
  };
  return {
    run: async () => {
      const { logStartOffset, lastStableOffset } = place.log;
      const active = place.log.segments().at(-1)?.baseOffset ?? 0;
      const bound = Math.max(logStartOffset, Math.min(lastStableOffset, active));
      const result = await place.log.compact(options).catch((error: unknown) => {
        if (codeOf(error) === 'INVALID_ARGUMENT') return undefined;
        throw error;
      });
      if (result === undefined) return;
      if (result.endOffset > bound) throw new Error(`compacted to ${result.endOffset}, beyond ${bound}`);
      if (offsetMapBytes === undefined) checkCompact(place.log, result.endOffset);
    },
    apply: heedOptions,
    doubt: heedOptions,
  };
}

function checkCompact(log: Log, to: number): void {
  const keys = new Set<string>();
  for (const batch of log.readSync()) {
    if (batch.isControl) continue;
    for (const { offset, key } of batch.records()) {
      if (offset < log.logStartOffset || offset >= to) continue;
      if (key === null || keys.has(key.toString()))
        throw new Error(`${offset} ${key?.toString()} stays behind a compaction`);
      keys.add(key.toString());
    }
  }
}

/** Starts a compaction, and does not wait for it. */
export function goOn(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined || life.isCompacting) return append(life, random);
  const segmentBytes = random.pick([300, 1_000_000]);
  return {
    run: async () => {
      life.goOn(place.log.compact({ segmentBytes, offsetMapBytes: 2400 }).catch(unlessRunning));
    },
    apply: (model) => (placed(model, place).wasCompacted = true),
    doubt: (model) => (placed(model, place).wasCompacted = true),
  };
}

function unlessRunning(error: unknown): void {
  if (codeOf(error) !== 'INVALID_ARGUMENT') throw error;
}

/** Applies retention at once, now or later. */
export function retain(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const now = life.clock.now() + random.pick([0, 11 * MINUTE, 2 * DAY]);
  const heedNow = (model: ModelStore): void => {
    const partition = placed(model, place);
    partition.maxNow = Math.max(partition.maxNow, now);
  };
  return { run: async () => void (await place.log.applyRetention(now)), apply: heedNow, doubt: heedNow };
}

/** Deletes records before an offset, if the policy has it. */
export function deleteRecords(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const deletes = (place.config['cleanupPolicy'] as string[]).includes('delete');
  const to = random.between(place.partition.logStart, place.log.lastStableOffset);
  return {
    run: async () => {
      const code = await place.log.deleteRecordsBefore(to).then(() => 'ok', unlessForbidden);
      if (code !== (deletes ? 'ok' : 'POLICY_VIOLATION')) throw new Error(`records were deleted: ${code}`);
    },
    apply: (model) => {
      const partition = placed(model, place);
      if (deletes) partition.logStart = Math.max(partition.logStart, to);
    },
  };
}

function unlessForbidden(error: unknown): string {
  if (codeOf(error) !== 'POLICY_VIOLATION') throw error;
  return 'POLICY_VIOLATION';
}

/** Cuts the end off, where a batch ends, and flushes: without that a power loss brings it back. */
export function truncate(life: Life, random: Random): Deed | undefined {
  const place = somewhere(life, random);
  if (place === undefined) return undefined;
  const ends = place.partition.batches.slice(-8).map(({ base }) => base);
  const to = random.pick([...ends, place.partition.end]);
  if (to < place.partition.logStart) return append(life, random);
  return {
    run: async () => {
      await place.log.truncateTo(to);
      await place.log.flush();
    },
    apply: (model) => {
      const partition = placed(model, place);
      cut(partition, to, true);
      partition.flushed = to;
    },
    doubt: (model) => {
      const partition = placed(model, place);
      partition.flushed = Math.min(partition.flushed, to);
      // Some of what other records went for may be cut off already.
      for (const { records } of partition.batches) for (const record of records) record.isExcused ||= record.isGone;
    },
  };
}
