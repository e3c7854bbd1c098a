/** Compares a log with its model, and takes from it what the model cannot know: what went meanwhile, and rightly so. */
import type { Log } from '../../src/index.ts';
import { cut, fatesOf, type ModelPartition, type ModelRecord, valuesByKey } from './store-model.ts';

/** How a log came to be looked at. */
export interface Looking {
  /** The machine died: what was not flushed may be missing, from some batch on. */
  readonly isAfterPowerLoss: boolean;
}

interface SeenRecord {
  readonly offset: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** What a log shows, in one turn. */
interface Seen {
  readonly logStart: number;
  readonly end: number;
  readonly lastStable: number;
  readonly activeBase: number;
  /** What is between the end of a segment and the next one's base. */
  readonly gaps: readonly Gap[];
  readonly all: SeenRecord[];
  readonly committed: SeenRecord[];
  readonly fault: string | undefined;
}

function see(log: Log): Seen {
  const { logStartOffset: logStart, logEndOffset: end, lastStableOffset: lastStable } = log;
  const segments = log.segments();
  const records = (isolation: 'read_uncommitted' | 'read_committed'): SeenRecord[] => {
    const found: SeenRecord[] = [];
    for (const batch of log.readSync({ isolation })) {
      if (batch.isControl) continue;
      for (const { offset, key, value, timestamp } of batch.records()) {
        if (offset < logStart) continue;
        found.push({ offset, timestamp, key: key?.toString() ?? null, value: value?.toString() ?? null });
      }
    }
    return found;
  };
  const all = records('read_uncommitted');
  const fell = all.findIndex(({ offset }, at) => offset <= (all[at - 1]?.offset ?? -1));
  const bases = segments.map(({ baseOffset }) => baseOffset);
  const lasts = [...log.readSync()].map(({ lastOffset }) => lastOffset);
  const gaps = bases.slice(1).map((to) => ({ from: (lasts.findLast((last) => last < to) ?? logStart - 1) + 1, to }));
  const isRising = bases.every((base, at) => base > (bases[at - 1] ?? -1));
  return {
    ...{ logStart, end, lastStable, gaps, all },
    activeBase: segments.at(-1)?.baseOffset ?? 0,
    committed: records('read_committed'),
    fault: fell >= 0 ? `offsets fall at ${all[fell]?.offset}` : isRising ? undefined : `segments ${bases.join()}`,
  };
}

/** @returns what is wrong; the model is as the log is when nothing is */
export function explain(log: Log, model: ModelPartition, { isAfterPowerLoss }: Looking): string | undefined {
  const seen = see(log);
  const fault =
    seen.fault ??
    explainEnd(seen, model, isAfterPowerLoss) ??
    explainStart(seen, model) ??
    (isAfterPowerLoss ? explainGaps(seen, model) : undefined) ??
    explainRecords(seen, model) ??
    explainCommitted(seen, model);
  if (fault === undefined) return undefined;
  const there = seen.all.map(({ offset }) => offset).join();
  return `${fault} (from ${seen.logStart} to ${seen.end}, stable to ${seen.lastStable}, active ${seen.activeBase}: ${there})`;
}

function explainEnd(
  { end, logStart, activeBase }: Seen,
  model: ModelPartition,
  isAfterPowerLoss: boolean,
): string | undefined {
  if (end === model.end) return undefined;
  if (model.wasCut && end < model.end && isAllGone(model, end, isAfterPowerLoss)) {
    cut(model, end, false);
    return undefined;
  }
  if (!isAfterPowerLoss) return `the log ends at ${end}, not at ${model.end}`;
  const isBoundary = end === logStart || end === activeBase || model.batches.some(({ last }) => last + 1 === end);
  if (end > model.end || !isBoundary) return `after a power loss the log ends at ${end}, where no batch of it ends`;
  if (end < model.flushed) return `${model.flushed} was flushed, and the log ends at ${end}`;
  cut(model, end, false);
  return undefined;
}

/**
 * Whether of the batches behind an offset nothing is left, what a power loss may have taken left out: a log that is opened ends
 * behind the last one that is there, as with Kafka.
 */
function isAllGone({ batches, flushed }: ModelPartition, end: number, isAfterPowerLoss: boolean): boolean {
  return batches.every(
    ({ base, last, records }) =>
      last < end || (isAfterPowerLoss && base >= flushed) || records.every(({ isGone }) => isGone),
  );
}

/** The log start moves by itself, as far as retention explains it. */
function explainStart({ logStart }: Seen, model: ModelPartition): string | undefined {
  const was = model.logStart;
  const { limits, maxNow } = model;
  model.limits = limits.slice(-1);
  if (logStart === was) return undefined;
  if (logStart < was) return `the log start went back from ${was} to ${logStart}`;
  if (logStart > model.end) return `the log starts at ${logStart}, behind its end ${model.end}`;
  const gone = model.batches.flatMap(({ records }) => records).filter(({ offset }) => offset < logStart);
  const isOld = ({ offset, timestamp, isGone }: ModelRecord, ms: number): boolean =>
    isGone || offset < was || maxNow - timestamp > ms;
  const isExplained = limits.some(
    ({ retentionMs, retentionBytes }) =>
      retentionBytes >= 0 || (retentionMs >= 0 && gone.every((record) => isOld(record, retentionMs))),
  );
  if (!isExplained) return `the log start went from ${was} to ${logStart} with ${JSON.stringify(limits)}`;
  model.logStart = logStart;
  return undefined;
}

/**
 * The sync of a sealed segment goes on behind the appends to the next one. What a power loss takes of its tail leaves a gap: as
 * with Kafka, which looks at each segment by itself.
 */
function explainGaps({ gaps }: Seen, model: ModelPartition): undefined {
  for (const { from, to } of gaps) {
    model.batches = model.batches.filter(({ base, last }) => last < Math.max(from, model.flushed) || base >= to);
  }
}

function explainRecords(seen: Seen, model: ModelPartition): string | undefined {
  const { fates, lastStable } = fatesOf(model);
  const bound = Math.min(seen.activeBase, seen.lastStable, lastStable);
  const found = new Map(seen.all.map((record) => [record.offset, record]));
  /** Keys that come later: at all, and in what can be cleaned. */
  const later = new Set<string>();
  const laterCleaned = new Set<string>();
  for (let at = model.batches.length - 1; at >= 0; at--) {
    const batch = model.batches[at];
    const fate = fates[at];
    if (batch === undefined || fate === 'control') continue;
    for (const record of batch.records.toReversed()) {
      const { offset, key } = record;
      const isClean = record.isGone || (offset < bound && model.wasCompacted);
      const mayGo = isClean && isSpent(record, fate, record.isGone ? later : laterCleaned, model);
      if ((fate === 'committed' || fate === 'forgotten') && key !== null) {
        later.add(key);
        if (offset < bound) laterCleaned.add(key);
      }
      const there = found.get(offset);
      found.delete(offset);
      if (offset < model.logStart) continue;
      if (there === undefined) {
        if (!mayGo && !(record.isGone && record.isExcused)) return `${textOf(record)} (${fate}) is missing`;
        record.isGone = true;
      } else if (record.isGone) return `${textOf(record)} (${fate}) is back`;
      else if (textOf(there) !== textOf(record)) return `${textOf(record)} is ${textOf(there)}`;
    }
  }
  for (const record of found.values()) return `${textOf(record)} was never written`;
  return undefined;
}

function isSpent(
  { key, value, low }: ModelRecord,
  fate: string | undefined,
  later: ReadonlySet<string>,
  { maxNow, deleteRetentionMs }: ModelPartition,
): boolean {
  if (fate === 'aborted' || key === null || later.has(key)) return true;
  return fate === 'committed' && value === null && maxNow - low >= deleteRetentionMs;
}

function explainCommitted(seen: Seen, model: ModelPartition): string | undefined {
  const { fates, lastStable } = fatesOf(model);
  const isSure = !fates.includes('forgotten');
  if (isSure && seen.lastStable !== Math.max(lastStable, model.logStart)) {
    return `the last stable offset is ${seen.lastStable}, not ${lastStable}`;
  }
  const mayBe = new Map<number, ModelRecord>();
  const decided: ModelRecord[] = [];
  const unknown = new Set<string | null>();
  for (const [at, { records }] of model.batches.entries()) {
    for (const record of records) {
      if (record.offset < model.logStart) continue;
      if (fates[at] === 'forgotten') {
        mayBe.set(record.offset, record);
        unknown.add(record.key);
      } else if (fates[at] === 'committed' && record.offset < seen.lastStable) {
        mayBe.set(record.offset, record);
        if (!record.isExcused) decided.push(record);
      }
    }
  }
  for (const record of seen.committed) {
    if (!mayBe.has(record.offset)) return `${textOf(record)} is not committed, and was read as if it were`;
    mayBe.delete(record.offset);
  }
  const missing = [...mayBe.values()].find(({ isGone, key }) => !isGone && !unknown.has(key));
  if (missing !== undefined) return `${textOf(missing)} is committed, and was not read`;
  const expected = valuesByKey(decided);
  const values = valuesByKey(seen.committed);
  for (const key of new Set([...expected.keys(), ...values.keys()])) {
    if (unknown.has(key) || expected.get(key) === values.get(key)) continue;
    return `the last value of ${key} is ${values.get(key)}, not ${expected.get(key)}`;
  }
  return undefined;
}

function textOf({ offset, key, value, timestamp }: SeenRecord): string {
  return `${offset} ${key}=${value}@${timestamp}`;
}
