/** Logs that random histories left, and what Kafka and we make of copies of them. */
import { cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '../../src/clock/clock.ts';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { loadNative } from '../../src/engine/native.ts';
import { Log, type RecoveryOptions } from '../../src/index.ts';
import { segmentFileName, SUFFIXES } from '../../src/format/names.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import { Random } from '../support/random.ts';
import { CODECS } from './experiment.ts';
import {
  askAboutLeft,
  type CommittedSlice,
  type KafkaAppend,
  type KafkaLeft,
  type LeftBatch,
  type LeftQuestion,
  ourBatches,
  ourCommitted,
  ourCommittedBatches,
  ourStand,
  type Stand,
} from './left-answers.ts';
import { digestsIn } from './left-files.ts';
import { type Left, optionsOf, partitionIn, writeHistory } from './left-histories.ts';

const TIME_ENTRY_BYTES = 12;

/** A log opened by us, and what it left when it was closed again. */
export interface OurLook {
  readonly stand: Stand;
  readonly batches: readonly LeftBatch[];
  readonly committed: readonly CommittedSlice[];
  readonly committedBatches: readonly number[];
  readonly cuts: number;
  readonly wasScanned: boolean;
  readonly files: Readonly<Record<string, string>>;
}

/** A log with all answers. */
export interface Looked {
  readonly left: Left;
  /** What our close left. */
  readonly files: Readonly<Record<string, string>>;
  readonly ours: OurLook;
  readonly oursScanned: OurLook;
  readonly clean: KafkaLeft;
  readonly scanned: KafkaLeft;
  readonly continued: KafkaLeft;
  readonly appends: readonly KafkaAppend[];
  /** Whether Kafka left the mark of a clean stop behind its append. */
  readonly wasStopped: boolean;
  readonly oursContinued: OurLook;
}

function engines(): Engine[] {
  const native = [true, false].map((portable) => loadNative({ portable }));
  const loaded = native.flatMap((one) => ('engine' in one ? [one.engine] : []));
  if (loaded.length === 0) process.stderr.write('the native engine did not load: these histories are of one engine\n');
  return [createFallbackEngine(), ...loaded];
}

/** Whether a time index has an entry in its last place, which is kept for the end of the segment. */
function isTimeIndexFull(directory: string, indexBytes: number): boolean {
  const most = Math.floor(indexBytes / TIME_ENTRY_BYTES) * TIME_ENTRY_BYTES;
  return segmentsOf(directory).some(
    ({ baseOffset }) => statSync(join(directory, segmentFileName(Number(baseOffset), SUFFIXES.timeIndex))).size >= most,
  );
}

/**
 * Behind a restart of the count of bytes there can be fewer index entries than a rebuild makes. Those may be more than a
 * small index takes, and then Kafka does not open the log, though it may have written it itself: so the index has room.
 * So it has where a recovery of ours has built such an index already.
 */
function configForScan({ root, config, restarts }: Left): Readonly<Record<string, string>> {
  const directory = partitionIn(root);
  const isInterrupted = segmentsOf(directory).some((segment) => restarts.isInterrupted(segment));
  const needsRoom = isInterrupted || isTimeIndexFull(directory, Number(config['segment.index.bytes']));
  return needsRoom ? { ...config, 'segment.index.bytes': '102400' } : config;
}

/** What Kafka is to append: a batch, and the next one of each of two producers, within their transactions. */
function appendsFor(random: Random, { stand }: OurLook, now: number): KafkaAppend[] {
  const leaderEpoch = (stand.epochs.at(-1)?.epoch ?? 0) + random.between(0, 1);
  const records = (): KafkaAppend['records'] =>
    Array.from({ length: random.between(1, 4) }, (_, i) => ({
      timestamp: now + i,
      value: Buffer.alloc(random.between(0, 200), i).toString('base64'),
    }));
  const plain = { compression: random.pick(CODECS), leaderEpoch, records: records() };
  const known = stand.producers.slice(0, 2).map((one) => {
    const sequence = (one.lastSequence + 1) % 2 ** 31;
    const isTransactional = one.currentTxnFirstOffset !== -1 || random.chance(0.5);
    const producer = { id: one.producerId, epoch: one.producerEpoch, sequence, isTransactional };
    return { compression: random.pick(CODECS), leaderEpoch, records: records(), producer };
  });
  return [plain, ...known];
}

/** Writes the logs, asks Kafka about all of them at once, and us. */
export class LeftExperiment implements Disposable {
  readonly #place = mkdtempSync(join(tmpdir(), 'seglog-left-'));
  readonly #engines = engines();
  /** Histories that came to a stop: they fail their own test only. */
  readonly failures: string[] = [];

  async run(seed: number, count: number): Promise<Looked[]> {
    const lefts: Left[] = [];
    for (let i = 0; i < count; i++) {
      try {
        lefts.push(await writeHistory(seed, i, join(this.#place, 'histories', String(i)), this.#engines));
      } catch (error) {
        this.failures.push(String(error));
      }
    }
    const asked = [];
    for (const left of lefts) asked.push(await this.#ask(left, new Random(seed * 7919 + left.index)));
    const answers = await askAboutLeft(asked.flatMap(({ questions }) => questions));
    const looked: Looked[] = [];
    for (const [i, { left, questions, ...ours }] of asked.entries()) {
      const [clean, scanned, continued] = answers.slice(3 * i, 3 * i + 3) as [KafkaLeft, KafkaLeft, KafkaLeft];
      const last = questions[2] as LeftQuestion;
      const oursContinued = await this.#look(left, join(last.dir, '..'), {});
      const { appends = [], stop: wasStopped = false } = last;
      looked.push({ left, ...ours, clean, scanned, continued, appends, wasStopped, oursContinued });
    }
    return looked;
  }

  async #ask(left: Left, random: Random) {
    const files = digestsIn(partitionIn(left.root));
    const ours = await this.#look(left, this.#copy(left, 'ours'), {});
    const forScan = { ...left, config: configForScan(left) };
    const oursScanned = await this.#look(forScan, this.#copy(left, 'ours-scanned'), { clean: false, recoveryPoint: 0 });
    const question = (what: string, clean: boolean): LeftQuestion => ({
      ...{ dir: partitionIn(this.#copy(left, what)), clean, now: left.now },
      config: { ...(clean ? left.config : forScan.config), 'retention.ms': '-1' },
    });
    const questions: LeftQuestion[] = [
      question('clean', true),
      { ...question('scanned', false), recoveryPoint: 0 },
      { ...question('continued', true), appends: appendsFor(random, ours, left.now), stop: random.chance(0.5) },
    ];
    return { left, files, ours, oursScanned, questions };
  }

  #copy({ root, index }: Left, what: string): string {
    const copy = join(this.#place, what, String(index));
    cpSync(root, copy, { recursive: true });
    return copy;
  }

  async #look(left: Left, root: string, recovery: RecoveryOptions): Promise<OurLook> {
    const directory = partitionIn(root);
    const engine = this.#engines[left.index % this.#engines.length] as Engine;
    const options = optionsOf(left.config, engine, new ManualClock(left.now));
    const log = await Log.open(directory, { ...options, recovery });
    let told: Omit<OurLook, 'files'>;
    try {
      log.checkAppendable();
      const batches = ourBatches(log);
      const report = log.status().recovery;
      told = {
        ...{ stand: ourStand(log), batches, committed: ourCommitted(log, batches) },
        committedBatches: ourCommittedBatches(log),
        cuts: report?.cuts.length ?? 0,
        wasScanned: report !== undefined && report.scannedSegments > 0,
      };
    } finally {
      await log.close();
    }
    return { ...told, files: digestsIn(directory) };
  }

  [Symbol.dispose](): void {
    rmSync(this.#place, { recursive: true, force: true });
  }
}
