/**
 * Reads at every isolation, lookups by time and epoch, truncations: step by step, our answers are Kafka's.
 * SEGLOG_FUZZ_CASES and SEGLOG_FUZZ_SEED say how many logs and which.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { Log, parseLogConfig } from '../../src/index.ts';
import { segmentsOf, transactionsOf } from '../support/log-bytes.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { askKafka, PATIENCE_MS, withKafka } from './kafka.ts';
import { inOurWords, randomSteps, type Step, type StepAnswer, takeStep } from './read-steps.ts';
import {
  areProducersOfSnapshot,
  areTheSameButProducers,
  isBelowLogStart,
  isForgottenTransaction,
  isForgottenTimestamp,
  isBehindLastBatch,
  isStaleStableOffset,
  withOurRecoveryPoint,
} from './allowed-read-differences.ts';
import { digestsIn, inUse } from './left-files.ts';
import { fixtureSources, FreshSources, momentAround, type Source } from './sources.ts';

const MAX_SHOWN = 5;
const STEPS = 60;
/** Kafka's number for it. */
const MAX_TIMESTAMP = -3;

interface ReadCase {
  readonly index: number;
  readonly source: Source;
  readonly now: number;
  readonly steps: readonly Step[];
}

interface KafkaAnswer {
  readonly error?: string;
  readonly steps: readonly StepAnswer[];
  readonly files: Readonly<Record<string, string>>;
}

function randomCase(seed: number, index: number, sources: readonly Source[]): ReadCase {
  const random = new Random(seed * 1_000_003 + index);
  const source = random.pick(sources);
  const { directory } = source;
  return { index, source, now: momentAround(random, directory), steps: randomSteps(random, directory, STEPS) };
}

/**
 * Kafka's log looks a timestamp up in all of the log, and its broker then hides what is not below the high watermark. We do
 * both at once, so that for the largest timestamp we may find another record, below it.
 */
function asVisible(log: Log, step: Step, ours: StepAnswer, theirs: StepAnswer): StepAnswer {
  const isHidden = step.op === 'timestamp' && Number(theirs['offset']) >= log.status().highWatermark;
  if (!isHidden) return theirs;
  return step.timestamp === MAX_TIMESTAMP ? ours : { offset: -1, timestamp: -1 };
}

/** A case's first step at which the answers differ; the files that were left when there is none; undefined when all agree. */
async function difference(one: ReadCase, directory: string, kafka: KafkaAnswer): Promise<object | undefined> {
  const { index, source, now, steps } = one;
  const about = { case: index, source: source.name, config: source.config };
  if (kafka.error !== undefined) throw new Error(`Kafka does not open ${source.name}: ${kafka.error}`);
  const log = await Log.open(directory, {
    ...parseLogConfig(Object.entries(source.config)),
    clock: new ManualClock(now),
    highWatermark: 'managed',
    recovery: { clean: true, recoveryPoint: 0, logStartOffset: 0 },
  });
  const transactions = transactionsOf(source.directory);
  const batchEnds = segmentsOf(source.directory).flatMap(({ baseOffset, entries }) => [
    Number(baseOffset),
    ...entries.map(({ lastOffset }) => Number(lastOffset) + 1),
  ]);
  let isTruncated = false;
  let isStale = false;
  let isStableTheSame = true;
  let isSnapshots = false;
  let isForgotten = false;
  try {
    for (const [i, step] of steps.entries()) {
      const ours = await takeStep(log, step);
      if (step.op === 'highWatermark') isStale = false;
      isStale ||= ours['truncated'] === true;
      isForgotten ||= ours['truncated'] === true && isDeepStrictEqual(kafka.steps[i]?.['producers'], []);
      isTruncated ||= step.op === 'truncateFully' || ours['truncated'] === true;
      const answer = inOurWords(kafka.steps[i] as StepAnswer);
      if ('lastStableOffset' in ours) isStableTheSame = ours['lastStableOffset'] === answer['lastStableOffset'];
      // Where the last stable offsets may differ, what is read up to them does.
      else if (step.op === 'read' && step.isolation === 'TXN_COMMITTED' && !isStableTheSame) continue;
      const theirs = asVisible(log, step, ours, answer);
      // What we do not say of an open log (its segments, their indexes, its snapshots) is in the files afterwards.
      const same = Object.fromEntries(Object.keys(ours).map((key) => [key, theirs[key]]));
      const asked = isTruncated ? withOurRecoveryPoint(ours, same, batchEnds) : same;
      if (JSON.stringify(ours) === JSON.stringify(asked)) continue;
      if (isBelowLogStart(log, step, ours, asked)) continue;
      if (isTruncated && isBehindLastBatch(log.status(), ours, asked, batchEnds)) continue;
      if (isTruncated && areProducersOfSnapshot(ours, asked, theirs['snapshots'])) {
        isSnapshots = true;
        continue;
      }
      if (isSnapshots && areTheSameButProducers(ours, asked)) continue;
      if (isStale && isStaleStableOffset(log.status(), ours, asked, transactions)) continue;
      if (isForgotten && isForgottenTransaction(log.status(), ours, asked, transactions)) continue;
      return {
        ...about,
        step: i,
        asked: step,
        before: steps.slice(0, i).filter(({ op }) => op !== 'read'),
        ours,
        theirs,
      };
    }
  } finally {
    await log.close();
  }
  const theirs = inUse(kafka.files);
  const ours = digestsIn(directory);
  if (JSON.stringify(ours) === JSON.stringify(theirs)) return undefined;
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].filter(
    (name) => ours[name] !== theirs[name],
  );
  if (isTruncated && names.every((name) => isForgottenTimestamp(directory, name, theirs[name]))) return undefined;
  // Snapshots that were written by what is known of producers.
  if (isSnapshots && names.every((name) => name.endsWith('.snapshot'))) return undefined;
  const changes = steps.filter(({ op }) => op.startsWith('trunc') || op === 'deleteRecords');
  return { ...about, changes, files: names.map((name) => ({ name, ours: ours[name], theirs: theirs[name] })) };
}

await withKafka(() => {
  const { seed, cases } = fuzzPlan(60);
  const fresh = new FreshSources();
  afterAll(() => fresh[Symbol.dispose]());

  describe(`reading and truncating, seed ${seed}`, () => {
    test(`${cases} logs answer as Kafka's`, { timeout: PATIENCE_MS }, async () => {
      const written = await fresh.write(new Random(seed), 12);
      const transactional = fixtureSources('clean').filter(({ name }) => /txn|idem|state/.test(name));
      const sources = [...fixtureSources('clean'), ...transactional, ...written, ...written];
      const asked = Array.from({ length: cases }, (_, i) => randomCase(seed, i, sources));
      const root = mkdtempSync(join(tmpdir(), 'seglog-reads-'));
      try {
        const place = (who: string, { index, source }: ReadCase): string => {
          const directory = join(root, who, String(index), basename(source.directory));
          cpSync(source.directory, directory, { recursive: true, preserveTimestamps: true });
          return directory;
        };
        const kafka = await askKafka<KafkaAnswer>(
          'OracleRead',
          asked.map((one) => {
            const { source, now, steps } = one;
            return { dir: place('kafka', one), config: { ...source.config, 'retention.ms': '-1' }, now, steps };
          }),
        );
        const wrong: object[] = [];
        for (const [i, one] of asked.entries()) {
          const found = await difference(one, place('ours', one), kafka[i] as KafkaAnswer);
          if (found !== undefined) wrong.push(found);
        }
        expect(wrong.slice(0, MAX_SHOWN)).toEqual([]);
        expect(
          kafka.some(({ steps }) =>
            steps.some((step) => Array.isArray(step['abortedTransactions']) && step['abortedTransactions'].length > 0),
          ),
        ).toBe(true);
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    });
  });
});
