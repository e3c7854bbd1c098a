/** Producer snapshots: which are there, and what they say against the log replayed up to their offset. */
import { join } from 'node:path';
import { SUFFIXES } from '../../../format/names.ts';
import type { ProducerSnapshotEntry } from '../../../format/producer-snapshot.ts';
import type { ProducerEntry } from '../../../state/producers/producer-entry.ts';
import type { Finding } from '../../findings/finding.ts';
import { isCovered, type PartitionExtent } from './extent.ts';
import type { PartitionReplay } from './replay.ts';
import { entryPosition } from './snapshot-file.ts';
import { told } from './told.ts';

/** The name of the snapshot at an offset. */
export function snapshotName(offset: bigint): string {
  return String(offset).padStart(20, '0') + SUFFIXES.producerSnapshot;
}

/** Which snapshots are there and should not be, or the other way round. `offsets` ascend. */
export function* checkSnapshotsThere(
  directory: string,
  offsets: readonly bigint[],
  extent: PartitionExtent,
  isMarkedClean: boolean,
  isLive: boolean,
): Generator<Finding, void> {
  const { segments, logEnd, firstBase } = extent;
  if (segments.length === 0) return;
  for (const offset of offsets) {
    const path = join(directory, snapshotName(offset));
    if (logEnd !== undefined && offset > logEnd) {
      yield told('SNAPSHOT_BEYOND_END', path, { expected: `at most ${logEnd}`, found: offset });
    } else if (offset < firstBase) {
      yield told('SNAPSHOT_STRAY', path, { expected: `from ${firstBase} on`, found: offset });
    }
  }
  if (isLive) return;
  for (const offset of missingSnapshots(offsets, extent, isMarkedClean)) {
    yield told('SNAPSHOT_MISSING', join(directory, snapshotName(offset)), { expected: 'a snapshot', found: 'no file' });
  }
}

/** The offsets that certainly had a snapshot. */
function missingSnapshots(offsets: readonly bigint[], extent: PartitionExtent, isMarkedClean: boolean): bigint[] {
  const { segments, logStart, logEnd } = extent;
  // Formats 0 and 1 are from before there were snapshots, and a log that only has those may never have had any.
  if (!segments.some(({ facts }) => facts.epochs.length > 0)) return [];
  const there = new Set(offsets);
  const bases = segments.map(({ base }) => base);
  // Every version keeps those of the last two segments; that this one keeps all of them, an older one that is there shows.
  const keptFrom = bases.findIndex((base) => there.has(base));
  const wanted = bases.filter((_base, index) => index >= bases.length - 2 || (keptFrom !== -1 && index > keptFrom));
  // One beyond the end is that of a longer log, and told of.
  if (isMarkedClean && logEnd !== undefined && !offsets.some((offset) => offset > logEnd)) wanted.push(logEnd);
  return [...new Set(wanted)].filter((offset) => offset > logStart && !there.has(offset));
}

/** A snapshot against the state of the replay at its offset. */
export function* checkSnapshotContent(
  path: string,
  entries: readonly ProducerSnapshotEntry[],
  offset: bigint,
  replay: PartitionReplay,
  extent: PartitionExtent,
): Generator<Finding, void> {
  const there = new Set<bigint>();
  for (const [slot, entry] of entries.entries()) {
    there.add(entry.producerId);
    const difference = differenceOf(entry, replay, extent);
    if (difference === undefined) continue;
    const { field, expected, found } = difference;
    yield told('SNAPSHOT_MISMATCH', path, {
      position: entryPosition(slot),
      expected: `${field} ${expected}`,
      found: `${field} ${found}`,
      message: `producer ${entry.producerId}`,
    });
  }
  if (!replay.producers.hasOpenTransactions) return;
  // An expired producer may be left out, but never one whose transaction is open.
  for (const { producerId, currentTxnFirstOffset } of replay.producers.entries()) {
    if (there.has(BigInt(producerId)) || !isOpenForSure(BigInt(currentTxnFirstOffset), offset, replay, extent))
      continue;
    yield told('SNAPSHOT_MISMATCH', path, {
      position: entryPosition(entries.length),
      offsets: [currentTxnFirstOffset, offset - 1n],
      expected: `producer ${producerId} with a transaction open since offset ${currentTxnFirstOffset}`,
      found: 'no entry',
    });
  }
}

/** Whether a transaction that the replay has open at `offset` is so beyond doubt. */
export function isOpenForSure(
  firstOffset: bigint,
  offset: bigint,
  replay: PartitionReplay,
  extent: PartitionExtent,
): boolean {
  return replay.isUnbroken && firstOffset >= extent.logStart && firstOffset < offset;
}

interface Difference {
  readonly field: string;
  readonly expected: string | number;
  readonly found: string | number | bigint;
}

/** What an entry says against the log; undefined when nothing is proven. */
function differenceOf(
  entry: ProducerSnapshotEntry,
  replay: PartitionReplay,
  extent: PartitionExtent,
): Difference | undefined {
  const id = Number(entry.producerId);
  const known = Number.isSafeInteger(id) ? replay.producers.get(id) : undefined;
  const { lastOffset } = entry;
  if (known === undefined) {
    const isProven = lastOffset === -1n ? replay.isComplete : replay.isComplete || isCovered(extent, lastOffset);
    return isProven ? { field: 'lastOffset', expected: 'of a batch of this producer', found: lastOffset } : undefined;
  }
  const byLog = BigInt(known.lastOffset);
  if (lastOffset === byLog) return fieldDifference(entry, known, replay, extent);
  // A producer that expired and then got a marker is known by the marker alone.
  if (lastOffset === -1n && replay.endedByMarker.has(id)) return undefined;
  const isProven = lastOffset < byLog || replay.isComplete || isCovered(extent, lastOffset);
  return isProven ? { field: 'lastOffset', expected: known.lastOffset, found: lastOffset } : undefined;
}

/** The same last batch: what is said of it, and of the producer since. */
function fieldDifference(
  entry: ProducerSnapshotEntry,
  known: ProducerEntry,
  replay: PartitionReplay,
  extent: PartitionExtent,
): Difference | undefined {
  const stored = known.toSnapshot();
  const differs = (field: 'producerEpoch' | 'lastSequence' | 'offsetDelta' | 'timestamp'): Difference | undefined =>
    entry[field] === stored[field] ? undefined : { field, expected: String(stored[field]), found: entry[field] };
  return (
    differs('producerEpoch') ??
    (stored.lastOffset === -1n ? undefined : (differs('lastSequence') ?? differs('offsetDelta'))) ??
    // Compaction takes records out of batches, and the largest timestamp may be among them.
    (extent.isCompacted ? undefined : differs('timestamp')) ??
    coordinatorDifference(entry, known, replay) ??
    transactionDifference(entry, known, replay, extent)
  );
}

/** An expired producer has forgotten its markers; one whose beginning is gone may have had some. */
function coordinatorDifference(
  entry: ProducerSnapshotEntry,
  known: ProducerEntry,
  replay: PartitionReplay,
): Difference | undefined {
  const { coordinatorEpoch } = known;
  if (entry.coordinatorEpoch === coordinatorEpoch || entry.coordinatorEpoch === -1) return undefined;
  if (coordinatorEpoch === -1 && !replay.isComplete) return undefined;
  return { field: 'coordinatorEpoch', expected: coordinatorEpoch, found: entry.coordinatorEpoch };
}

function transactionDifference(
  entry: ProducerSnapshotEntry,
  known: ProducerEntry,
  replay: PartitionReplay,
  extent: PartitionExtent,
): Difference | undefined {
  const { currentTxnFirstOffset: found } = entry;
  const expected = known.currentTxnFirstOffset;
  if (found === BigInt(expected) || !replay.isUnbroken) return undefined;
  // A state that was loaded at a log start within the transaction takes the first batch from there on for its beginning.
  if (expected >= 0 && BigInt(expected) < extent.logStart) return undefined;
  const mayHaveBegunBefore = !replay.isComplete && !replay.withMarker.has(known.producerId);
  if (mayHaveBegunBefore && found >= 0n && found < extent.logStart) return undefined;
  return { field: 'currentTxnFirstOffset', expected, found };
}
