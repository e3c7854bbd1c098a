/**
 * Random lives of our logs, then Kafka: it opens what we leave as closed clean and finds in it what we find, finds nothing to
 * cut when it scans all of it, and goes on with it, and we go on with that. SEGLOG_LEFT_CASES (or SEGLOG_FUZZ_CASES) and
 * SEGLOG_FUZZ_SEED say how many and which.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { segmentsOf } from '../support/log-bytes.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { fuzzPlan } from '../support/random.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';
import {
  committedBatches,
  type CommittedSlice,
  inKafkasWords,
  type KafkaLeft,
  type Stand,
  standOf,
} from './left-answers.ts';
import { LeftExperiment, type Looked } from './left-experiment.ts';
import { changedByRebuild, changedFiles, startsAnew } from './left-changes.ts';
import { inUse } from './left-files.ts';
import { isThrownAtForgotten } from './left-forgotten.ts';
import { partitionIn } from './left-histories.ts';
import { OPERATION_NAMES } from './left-operations.ts';

const MAX_SHOWN = 3;

/** What differs between two objects of the same fields. */
function differing(ours: object, theirs: object): object | undefined {
  const their = new Map<string, unknown>(Object.entries(theirs));
  const wrong = Object.entries(ours).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(their.get(key)));
  if (wrong.length === 0) return undefined;
  return Object.fromEntries(wrong.map(([key, value]) => [key, { ours: value as unknown, kafka: their.get(key) }]));
}

/** The first batches of two lists that differ. */
function firstDifferent(ours: readonly unknown[], theirs: readonly unknown[]): object | undefined {
  const at = Array.from({ length: Math.max(ours.length, theirs.length) }, (_, i) => i).find(
    (i) => JSON.stringify(ours[i]) !== JSON.stringify(theirs[i]),
  );
  return at === undefined ? undefined : { at, ours: ours[at], kafka: theirs[at] };
}

/** How a log stands, of its producers no more than the last batches of some. */
function withoutHistory(stand: Omit<Stand, 'recoveryPoint'>, ids: readonly number[]): object {
  const { logStartOffset, logEndOffset, highWatermark, segments, epochs, producers } = stand;
  const last = producers
    .filter(({ producerId }) => ids.includes(producerId))
    .map(({ producerId, producerEpoch, lastSequence }) => ({ producerId, producerEpoch, lastSequence }));
  return { logStartOffset, logEndOffset, highWatermark, segments, epochs, last };
}

/** The fetches that brought something. */
function filled(slices: readonly CommittedSlice[]): CommittedSlice[] {
  return slices.filter(({ size }) => size > 0);
}

/** What is wrong, by case; `find` gives undefined where all is well. */
function complaints(looked: readonly Looked[], find: (one: Looked) => unknown): object[] {
  return looked
    .flatMap((one) => {
      const wrong = refusal(one.clean) ?? find(one);
      if (wrong === undefined) return [];
      return [{ case: one.left.index, config: one.left.config, wrong }];
    })
    .slice(0, MAX_SHOWN);
}

function refusal({ error, thrownAt }: KafkaLeft): object | undefined {
  return error === undefined ? undefined : { error, thrownAt };
}

/** What Kafka's classes must read in the small files, by what we say of the log. */
function smallFiles({ left, ours, clean }: Looked): object | undefined {
  const { stand } = ours;
  const { parsed } = clean;
  const { logStartOffset, segments } = left.closed;
  const starts = logStartOffset > (segments[0]?.baseOffset ?? 0) ? { 't-0': logStartOffset } : {};
  const newest = Object.keys(parsed.snapshots)
    .map(Number)
    .sort((a, b) => a - b)
    .at(-1);
  // A snapshot above the end, where a log was cut within a batch, is not loaded.
  const isLoaded = stand.producers.length > 0 && (newest ?? -1) <= stand.logEndOffset;
  return differing(
    {
      recoveryPoints: { 't-0': Math.max(left.batchEnd, logStartOffset) },
      logStarts: starts,
      highWatermarks: left.hasBrokerFiles ? { 'other-3': 17, 't-0': left.closed.logEndOffset } : undefined,
      // A mark that we took away comes back behind a clean close only.
      mark: left.hasBrokerFiles && left.uncleanStops === 0 ? 41 : undefined,
      topicId: left.hasBrokerFiles ? 'Kf3nLZ8bTdyB4nW1xOeQXw' : undefined,
      // An epoch may have begun at the log end, of which no opened log knows.
      epochs: stand.epochs,
      newestSnapshot: isLoaded ? stand.producers : parsed.snapshots[newest ?? -1],
    },
    {
      recoveryPoints: parsed['recovery-point-offset-checkpoint'],
      logStarts: parsed['log-start-offset-checkpoint'] ?? {},
      highWatermarks: parsed['replication-offset-checkpoint'],
      mark: parsed.cleanShutdownEpoch,
      topicId: parsed.topicId,
      epochs: (parsed.epochs ?? []).filter(({ startOffset }) => startOffset < stand.logEndOffset),
      newestSnapshot: parsed.snapshots[newest ?? -1],
    },
  );
}

await withKafka(() => {
  const plan = fuzzPlan(60);
  const { seed } = plan;
  const cases = Number(process.env['SEGLOG_LEFT_CASES'] ?? plan.cases);
  const experiment = new LeftExperiment();
  let running: Promise<Looked[]> | undefined;
  const looked = (): Promise<Looked[]> => (running ??= experiment.run(seed, cases));
  afterAll(() => experiment[Symbol.dispose]());

  describe(`${cases} logs that we leave, seed ${seed}`, { timeout: PATIENCE_MS }, () => {
    test('are left by lives in which nothing fails', async () => {
      await looked();
      expect(experiment.failures.slice(0, MAX_SHOWN)).toEqual([]);
    });

    test('open with Kafka as closed clean, and stand as they do with us', async () => {
      const wrong = complaints(
        await looked(),
        (one) => refusal(one.clean) ?? differing(inKafkasWords(one.ours.stand, one.ours.batches), standOf(one.clean)),
      );
      expect(wrong).toEqual([]);
    });

    test('open with us as they were when we closed them', async () => {
      const wrong = complaints(await looked(), (one) => {
        const { left, ours } = one;
        const { logStartOffset, logEndOffset, lastStableOffset, producers, segments, epochs } = left.closed;
        if (startsAnew(one) || logEndOffset !== ours.stand.logEndOffset)
          return differing({ logStartOffset }, ours.stand);
        const begun = epochs.filter(({ startOffset }) => startOffset < logEndOffset);
        const closed = { logStartOffset, logEndOffset, lastStableOffset, producers, segments, epochs: begun };
        return differing(closed, ours.stand);
      });
      expect(wrong).toEqual([]);
    });

    test('are not scanned by us either, and close as they were', async () => {
      const wrong = complaints(await looked(), (one) =>
        one.ours.wasScanned || one.left.needlessScans > 0
          ? 'a scan after a clean close'
          : changedFiles(one, one.ours.files),
      );
      expect(wrong).toEqual([]);
    });

    test('keep every byte when Kafka opens and closes them', async () => {
      expect(complaints(await looked(), (one) => changedFiles(one, one.clean.files))).toEqual([]);
    });

    test('have indexes without a wrong entry, each where the count of bytes puts it', async () => {
      const wrong = complaints(await looked(), ({ left, clean }) => {
        if (clean.problems.length > 0) return clean.problems;
        const directory = partitionIn(left.root);
        const misplaced = segmentsOf(directory).filter((segment) => {
          const file = join(directory, segmentFileName(Number(segment.baseOffset), SUFFIXES.offsetIndex));
          const expected = left.restarts.offsetIndex(segment, Number(left.config['index.interval.bytes']));
          return !readFileSync(file).equals(expected);
        });
        return misplaced.length === 0 ? undefined : misplaced.map(({ baseOffset }) => String(baseOffset));
      });
      expect(wrong).toEqual([]);
    });

    test('read with Kafka as with us, record by record', async () => {
      expect(complaints(await looked(), ({ ours, clean }) => firstDifferent(ours.batches, clean.batches))).toEqual([]);
    });

    test('give the same committed records', async () => {
      const wrong = complaints(await looked(), ({ ours, clean }) =>
        firstDifferent(ours.committedBatches, committedBatches(clean)),
      );
      expect(wrong).toEqual([]);
    });

    test('give each fetch of committed records the same list of aborted transactions', async () => {
      expect(
        complaints(await looked(), ({ ours, clean }) =>
          firstDifferent(filled(ours.committed), filled(clean.committed)),
        ),
      ).toEqual([]);
    });

    test("have checkpoints, epochs, snapshots and marks that Kafka's own classes read", async () => {
      expect(complaints(await looked(), smallFiles)).toEqual([]);
    });

    test("lose nothing to Kafka's recovery of all of it, nor to ours", async () => {
      const wrong = complaints(await looked(), (one) => {
        const { left, ours, oursScanned, scanned, clean } = one;
        const { logStartOffset, logEndOffset, segments } = ours.stand;
        if (isThrownAtForgotten(scanned.error, left.forgotten)) {
          const { cuts, stand, batches } = oursScanned;
          const kept = { logStartOffset, logEndOffset, segments, cuts: 0 };
          return differing(kept, { ...stand, cuts }) ?? firstDifferent(ours.batches, batches);
        }
        return (
          refusal(scanned) ??
          differing({ logStartOffset, logEndOffset, segments }, scanned) ??
          firstDifferent(clean.batches, scanned.batches) ??
          changedByRebuild(one) ??
          differing(inKafkasWords(oursScanned.stand, oursScanned.batches), standOf(scanned)) ??
          differing(
            { cuts: startsAnew(one) ? left.closed.segments.length : 0, files: inUse(scanned.files) },
            oursScanned,
          )
        );
      });
      expect(wrong).toEqual([]);
    });

    test('go on with Kafka, and after that with us', async () => {
      const wrong = complaints(await looked(), ({ ours, continued, appends, wasStopped, oursContinued }) => {
        if (continued.error !== undefined || continued.appended === undefined) return refusal(continued);
        const { appended } = continued;
        const count = appends.reduce((total, { records }) => total + records.length, 0);
        const { recoveryPoint, ...stand } = inKafkasWords(oursContinued.stand, oursContinued.batches);
        // Without a mark the producers come from an older snapshot and the batches behind it: of those that are not in
        // these, less may be known, or more. What Kafka just appended is known.
        const ids = appends.flatMap(({ producer }) => (producer === undefined ? [] : [producer.id]));
        return (
          differing({ logEndOffset: ours.stand.logEndOffset + count }, appended) ??
          (wasStopped
            ? differing(stand, standOf(appended))
            : differing(withoutHistory(stand, ids), withoutHistory(appended, ids))) ??
          firstDifferent(oursContinued.batches, appended.batches) ??
          differing(
            { cuts: oursContinued.cuts, wasScanned: oursContinued.wasScanned },
            { cuts: 0, wasScanned: !wasStopped },
          ) ??
          (recoveryPoint <= stand.logEndOffset ? undefined : { recoveryPoint })
        );
      });
      expect(wrong).toEqual([]);
    });

    test('have lived through everything that we do', async () => {
      const all = await looked();
      const seen = new Set(all.flatMap(({ left }) => [...left.counts.keys()]));
      const segments = all.flatMap(({ left }) =>
        segmentsOf(partitionIn(left.root)).map((segment) => ({ segment, left })),
      );
      const interrupted = segments.filter(({ segment, left }) => left.restarts.isInterrupted(segment));
      const whole = segments.filter(
        ({ segment, left }) => segment.sizeBytes > 0 && !left.restarts.isInterrupted(segment),
      );
      const had = {
        operations: OPERATION_NAMES.filter((name) => !seen.has(name)),
        interrupted: interrupted.length > 0,
        uninterrupted: whole.length > all.length / 2,
        torn: all.some(({ left }) => left.cuts > 0),
        open: all.some(({ ours }) => ours.stand.lastStableOffset < ours.stand.logEndOffset),
        aborted: all.some(({ ours }) => ours.committed.some(({ aborted }) => aborted.length > 0)),
        gaps: all.some(({ ours }) =>
          ours.batches.some(({ baseOffset }, i) => i > 0 && baseOffset > (ours.batches[i - 1]?.lastOffset ?? 0) + 1),
        ),
        starts: all.some(({ ours }) => ours.stand.logStartOffset > (ours.stand.segments[0]?.baseOffset ?? 0)),
        marked: all.some(({ clean }) => clean.parsed.cleanShutdownEpoch !== undefined),
      };
      const yes = { interrupted: true, uninterrupted: true, torn: true, open: true, aborted: true };
      expect(had).toEqual({ operations: [], ...yes, gaps: true, starts: true, marked: true });
    });
  });
});
