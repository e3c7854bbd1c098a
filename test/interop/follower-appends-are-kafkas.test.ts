/**
 * A follower's appends, in small segments with small indexes: where we roll, what we index and what we leave is Kafka's,
 * byte for byte, and what Kafka refuses we refuse. SEGLOG_FUZZ_CASES and SEGLOG_FUZZ_SEED say how many and which.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import { BATCH, LOG_OVERHEAD } from '../../src/format/batch.ts';
import { Log, parseLogConfig, SeglogError } from '../../src/index.ts';
import { followerStream, mostBatchesAnAppend, smallLogConfig } from '../support/follower-stream.ts';
import { fuzzPlan, Random } from '../support/random.ts';
import { askKafka, PATIENCE_MS, withKafka } from './kafka.ts';
import { digestsIn, inUse, snapshotsIn } from './left-files.ts';

const MAX_SHOWN = 5;
const NOW = 1_700_000_000_000;

interface AppendCase {
  readonly index: number;
  readonly config: Readonly<Record<string, string>>;
  readonly appends: readonly Buffer[];
}

interface KafkaAnswer {
  readonly error?: string;
  readonly appends: readonly { readonly logEndOffset: number; readonly error?: string }[];
  readonly logEndOffset: number;
  readonly lastStableOffset: number;
  readonly producers: readonly object[];
  readonly epochs: readonly object[];
  readonly snapshots: readonly string[];
  readonly names: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}

/** Something that a follower must not take: an append again, or one whose bytes were changed. */
function spoiled(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  // In the first batch, behind the fields that no checksum covers.
  const at = random.between(BATCH.ATTRIBUTES, LOG_OVERHEAD + copy.readInt32BE(BATCH.LENGTH) - 1);
  copy[at] = (copy[at] ?? 0) ^ (1 << random.between(0, 7));
  return copy;
}

function randomCase(seed: number, index: number): AppendCase {
  const random = new Random(seed * 1_000_003 + index);
  const config = smallLogConfig(random);
  const firstOffset = random.pick([0, 0, 0, 70, 9000]);
  const stream = followerStream(random, random.between(1, 80), mostBatchesAnAppend(config), firstOffset);
  const appends = stream.flatMap((bytes, i) => {
    if (random.chance(0.95)) return [bytes];
    return random.chance(0.5) ? [bytes, stream[random.between(0, i)] as Buffer] : [spoiled(random, bytes), bytes];
  });
  return { index, config, appends };
}

async function appendWithUs(directory: string, { config, appends }: AppendCase): Promise<object> {
  const log = await Log.open(directory, { ...parseLogConfig(Object.entries(config)), clock: new ManualClock(NOW) });
  const ends: object[] = [];
  let stand: object;
  try {
    for (const bytes of appends) {
      let refused = false;
      try {
        await log.appendEncoded(bytes, 'given');
      } catch (error) {
        if (!(error instanceof SeglogError)) throw error;
        refused = true;
      }
      ends.push({ logEndOffset: log.logEndOffset, refused });
    }
    const { logEndOffset, lastStableOffset } = log.status();
    const producers = log.producers().map((producer) => ({ ...producer }));
    const epochs = log.leaderEpochs().map(({ epoch, startOffset }) => ({ epoch, startOffset }));
    stand = { logEndOffset, lastStableOffset, producers, epochs, snapshots: snapshotsIn(directory) };
  } finally {
    await log.close();
  }
  return { appends: ends, ...stand, files: digestsIn(directory), snapshotsLeft: snapshotsIn(directory) };
}

function kafkas({
  appends,
  logEndOffset,
  lastStableOffset,
  producers,
  epochs,
  snapshots,
  files,
  names,
}: KafkaAnswer): object {
  const ends = appends.map((append) => ({ logEndOffset: append.logEndOffset, refused: append.error !== undefined }));
  const snapshotsLeft = names.filter((name) => name.endsWith('.snapshot'));
  return {
    appends: ends,
    logEndOffset,
    lastStableOffset,
    producers,
    epochs,
    snapshots,
    files: inUse(files),
    snapshotsLeft,
  };
}

/** The fields in which two objects differ. */
function differing(ours: object, theirs: object): [string, unknown][] {
  const their = new Map(Object.entries(theirs));
  return Object.entries(ours)
    .filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(their.get(key)))
    .map(([key, value]) => [key, { ours: value as unknown, kafka: their.get(key) as unknown }]);
}

await withKafka(() => {
  const { seed, cases } = fuzzPlan(40);

  describe(`a follower's appends, seed ${seed}`, () => {
    test(`${cases} streams leave what Kafka leaves`, { timeout: PATIENCE_MS }, async () => {
      const root = mkdtempSync(join(tmpdir(), 'seglog-appends-'));
      try {
        const asked = Array.from({ length: cases }, (_, i) => randomCase(seed, i));
        const place = (who: string, { index }: AppendCase): string => join(root, who, String(index), 't-0');
        for (const one of asked) mkdirSync(join(root, 'ours', String(one.index)), { recursive: true });
        const kafka = await askKafka<KafkaAnswer>(
          'OracleAppend',
          asked.map((one) => {
            const appends = one.appends.map((bytes) => bytes.toString('base64'));
            return { dir: place('kafka', one), config: one.config, now: NOW, appends };
          }),
        );
        const wrong: object[] = [];
        for (const [i, one] of asked.entries()) {
          const answer = kafka[i] as KafkaAnswer;
          if (answer.error !== undefined) throw new Error(`Kafka fails on case ${i}: ${answer.error}`);
          const fields = differing(await appendWithUs(place('ours', one), one), kafkas(answer));
          if (fields.length > 0) wrong.push({ case: i, config: one.config, ...Object.fromEntries(fields) });
        }
        expect(wrong.slice(0, MAX_SHOWN)).toEqual([]);
        // Had Kafka refused nothing, or never rolled, this would say little.
        expect(kafka.some(({ appends }) => appends.some(({ error }) => error !== undefined))).toBe(true);
        expect(kafka.some(({ files }) => Object.keys(files).length > 6)).toBe(true);
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    });
  });
});
