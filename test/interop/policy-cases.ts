/** Partitions with random settings, offsets and moments; what the policies make of them, in the form of Kafka's answer. */
import { cpSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ManualClock } from '../../src/clock/clock.ts';
import { logConfig, parseLogConfig } from '../../src/config/log-config.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { printPartitionOffsets } from '../../src/format/checkpoint.ts';
import { LOG_DIRECTORY_FILES, parsePartitionDirectory } from '../../src/format/names.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { lastStableOffset } from '../../src/inspect/explain/last-stable.ts';
import { surveyPartition } from '../../src/inspect/explain/partition.ts';
import { selectForCompaction } from '../../src/policy/compaction.ts';
import { ageTime } from '../../src/policy/facts.ts';
import { groupSegments } from '../../src/policy/grouping.ts';
import { retentionRound } from '../../src/policy/retention.ts';
import { type RollAppend, rollCause } from '../../src/policy/roll.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import { Random } from '../support/random.ts';
import { momentAround, type Source } from './sources.ts';

/** A question, as OraclePolicy takes it. */
export interface PolicyCase {
  readonly dir: string;
  readonly config: Readonly<Record<string, string>>;
  readonly now: number;
  readonly clean: true;
  readonly logStartOffset: number;
  /** No log was ever flushed less far than it starts, and a log closed clean was flushed whole. */
  readonly recoveryPoint: number;
  readonly highWatermark: number;
  readonly checkpoint: number | null;
  readonly append: RollAppend;
}

/** The answer. */
export interface PolicyAnswer {
  readonly largest: readonly number[];
  readonly rolls: boolean;
  readonly lastStableOffset: number;
  readonly compaction: {
    readonly isEligible: boolean;
    readonly firstDirtyOffset: number;
    readonly firstUncleanableOffset: number;
    readonly cleanBytes: number;
    readonly cleanableBytes: number;
    readonly groups: readonly (readonly number[])[];
  };
  readonly deleted: number;
  readonly logStartOffset: number;
  readonly retained: readonly number[];
}

const DAY_MS = 86_400_000;

/** Numbers at which a rule tips, and some around them. */
function configOf(random: Random, sizes: readonly number[], ages: readonly number[]): Record<string, string> {
  const upTo = random.between(1, sizes.length);
  const bytes = sizes.slice(-upTo).reduce((sum, size) => sum + size, 0);
  const age = Math.max(0, random.pick(ages));
  const span = (): number => Math.max(0, random.pick([age - 1, age, age + 1, age, DAY_MS, 0]));
  const minLagMs = random.pick([0, span()]);
  const maxLagMs = Math.max(1, span());
  return {
    'cleanup.policy': random.pick(['delete', 'delete', 'compact', 'compact', 'compact,delete', '']),
    'retention.ms': String(random.pick([-1, span(), span(), span()])),
    'retention.bytes': String(random.pick([-1, -1, 0, bytes, bytes - 1, bytes + 1])),
    'min.compaction.lag.ms': String(minLagMs),
    'max.compaction.lag.ms': maxLagMs < minLagMs || random.chance(0.5) ? '9223372036854775807' : String(maxLagMs),
    'min.cleanable.dirty.ratio': String(random.pick([0, 0.3, 0.5, 0.9, 1])),
    'segment.ms': String(Math.max(1, random.pick([span(), 60_000, DAY_MS * 7]))),
    'internal.segment.bytes': String(random.pick([bytes, bytes - 1, 100_000, 1 << 30])),
    'segment.index.bytes': String(random.pick([102_400, 4800, 1200])),
  };
}

/** Copies a source, gives its files times of their own, and asks one thing about it. */
export function policyCase(seed: number, i: number, sources: readonly Source[], root: string): PolicyCase {
  const random = new Random(seed * 7919 + i);
  const source = random.pick(sources);
  const directory = join(root, String(i));
  const dir = join(directory, basename(source.directory));
  mkdirSync(directory);
  cpSync(source.directory, dir, { recursive: true });
  const segments = segmentsOf(dir);
  const now = momentAround(random, dir) - random.pick([0, 0, 1000, DAY_MS]);
  for (const { baseOffset } of segments) {
    const modified = Math.floor((now - random.between(0, 2 * DAY_MS)) / 1000);
    utimesSync(join(dir, `${String(baseOffset).padStart(20, '0')}.log`), modified, modified);
  }
  const times = segments.flatMap(({ entries }) => entries.map(({ maxTimestamp }) => Number(maxTimestamp)));
  const config = configOf(
    random,
    segments.map(({ sizeBytes }) => sizeBytes),
    times.length === 0 ? [0] : times.map((time) => now - time),
  );
  const first = Number(segments[0]?.baseOffset ?? 0n);
  const last = segments.at(-1);
  const end = Number((last?.entries.at(-1)?.lastOffset ?? (last?.baseOffset ?? 0n) - 1n) + 1n);
  const offset = (): number =>
    random.pick([first, end, random.between(first, end), Number(random.pick(segments).baseOffset)]);
  const logStartOffset = random.pick([first, first, offset()]);
  return {
    dir,
    config,
    now,
    clean: true,
    logStartOffset,
    recoveryPoint: end,
    highWatermark: Math.max(logStartOffset, random.pick([end, end, offset()])),
    checkpoint: random.pick([null, offset(), offset(), end + 5, Math.max(0, first - 5)]),
    append: {
      sizeBytes: random.between(61, 5000),
      lastOffset: end + random.pick([0, 10, 2 ** 31 - 1 - (end - Number(last?.baseOffset ?? 0n)), 2 ** 31]),
      maxTimestamp: random.pick([now, now + DAY_MS, -1]),
    },
  };
}

/** What the policies here make of the same files. Changes nothing in them, but sets the checkpoints beside them. */
export function ourAnswer({ dir, config, now, append, ...offsets }: PolicyCase): PolicyAnswer {
  const partition = parsePartitionDirectory(basename(dir));
  const checkpoint = (name: string, offset: number | null): void => {
    const entries = offset === null ? [] : [{ ...partition, offset: BigInt(offset) }];
    writeFileSync(join(dir, '..', name), printPartitionOffsets(entries));
  };
  checkpoint(LOG_DIRECTORY_FILES.highWatermarks, offsets.highWatermark);
  checkpoint(LOG_DIRECTORY_FILES.logStartOffsets, offsets.logStartOffset);
  checkpoint(LOG_DIRECTORY_FILES.cleanerOffsets, offsets.checkpoint);
  const rules = logConfig(parseLogConfig(Object.entries(config)));
  const notes: string[] = [];
  const note = (text: string): void => void notes.push(text);
  const context = { engine: defaultEngine(), fs: nodeFileSystem, clock: new ManualClock(now), note };
  const surveyed = surveyPartition(context, dir, { config: rules, wantsHorizons: false });
  const { segments, logStartOffset, cleanerCheckpoint } = surveyed;
  const { offset: stable, firstUnstableOffset } = lastStableOffset(surveyed, note);
  const selection = selectForCompaction(
    { segments, logStartOffset, lastStableOffset: stable, checkpoint: cleanerCheckpoint },
    rules,
    now,
  );
  const end = selection.firstUncleanableOffset;
  const cleaned = segments.filter(({ baseOffset }) => baseOffset < end);
  const active = segments.at(-1);
  if (active === undefined) throw new Error('a partition without segments');
  const rolling = {
    ...active,
    openedMs: now,
    jitterMs: 0,
    offsetIndexEntries: active.offsetIndexBytes / 8,
    timeIndexEntries: active.timeIndexBytes / 12,
  };
  const round = retentionRound(surveyed, rules, now);
  return {
    largest: segments.map((segment) => Number(ageTime(segment))),
    rolls: rollCause(rolling, append, rules, now) !== undefined,
    lastStableOffset:
      firstUnstableOffset === logStartOffset ? Math.min(batchBaseFrom(dir, stable), surveyed.highWatermark) : stable,
    compaction: {
      isEligible: selection.isEligible,
      firstDirtyOffset: selection.firstDirtyOffset,
      firstUncleanableOffset: end,
      cleanBytes: selection.cleanBytes,
      cleanableBytes: selection.cleanableBytes,
      groups: groupSegments(cleaned, rules, end).map((group) => group.map(({ baseOffset }) => baseOffset)),
    },
    deleted: round.deletions.length,
    logStartOffset: round.logStartOffset,
    retained: round.isRolledFirst ? [active.nextOffset] : round.kept.map(({ baseOffset }) => baseOffset),
  };
}

/** Of a transaction that began below the log start Kafka tells the batch that holds the log start, or the next one. */
function batchBaseFrom(dir: string, offset: number): number {
  const entries = segmentsOf(dir).flatMap((segment) => segment.entries);
  return Number(entries.find(({ lastOffset }) => lastOffset >= offset)?.baseOffset ?? offset);
}
