/** Random lives of a log: sessions of operations on either engine, ended by a close or in the middle, at last by a close. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ManualClock } from '../../src/clock/clock.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { Log, parseLogConfig, SeglogError } from '../../src/index.ts';
import { smallLogConfig } from '../support/follower-stream.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import { Random } from '../support/random.ts';
import { forgottenBy, type Transaction } from './left-forgotten.ts';
import { ourStand, type Stand } from './left-answers.ts';
import { IndexRestarts } from './left-restarts.ts';
import { type Operation, operate } from './left-operations.ts';
import { tear } from './left-tears.ts';

const FIRST_MS = 1_700_000_000_000;
/** As a broker names and fills them. */
const BROKER_FILES = {
  '.kafka_cleanshutdown': '{"version":0,"brokerEpoch":41}',
  'replication-offset-checkpoint': '0\n1\nother 3 17\n',
  't-0/partition.metadata': 'version: 0\ntopic_id: Kf3nLZ8bTdyB4nW1xOeQXw',
} as const;

/** A log as a history left it. */
export interface Left {
  readonly index: number;
  /** The log directory; the partition's is `t-0` in it. */
  readonly root: string;
  readonly config: Readonly<Record<string, string>>;
  readonly engines: readonly Engine[];
  readonly now: number;
  /**
   * How it stood at the last close. A log that was cut within a batch, which goes whole, ends behind its last batch until
   * it is opened again: in Kafka as with us.
   */
  readonly closed: Stand;
  readonly restarts: IndexRestarts;
  /** Where its last batch ends; an end of the log above it is forgotten. */
  readonly batchEnd: number;
  /** The transactions that the log lost sight of. */
  readonly forgotten: readonly Transaction[];
  /** Whether a broker's own files were there from the beginning, and how often the log was not closed. */
  readonly hasBrokerFiles: boolean;
  readonly uncleanStops: number;
  readonly counts: ReadonlyMap<Operation, number>;
  /** How often recovery cut something off. */
  readonly cuts: number;
  /** How often a log was scanned that had been closed. */
  readonly needlessScans: number;
}

export function partitionIn(root: string): string {
  return join(root, 't-0');
}

/** The options that every opening of this log has. */
export function optionsOf(config: Readonly<Record<string, string>>, engine: Engine, clock: ManualClock) {
  return { ...parseLogConfig(Object.entries(config)), engine, clock };
}

function checkpointedRecoveryPoint(root: string): number {
  const path = join(root, 'recovery-point-offset-checkpoint');
  if (!existsSync(path)) return 0;
  return Number(/^t 0 (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
}

function batchEndIn(directory: string): number {
  const last = segmentsOf(directory).at(-1);
  const lastOffset = last?.entries.at(-1)?.lastOffset;
  return lastOffset === undefined ? Number(last?.baseOffset ?? 0n) : Number(lastOffset) + 1;
}

class History {
  readonly #random: Random;
  readonly #place: string;
  readonly #engines: readonly Engine[];
  readonly #config: Readonly<Record<string, string>>;
  readonly #clock = new ManualClock(FIRST_MS);
  readonly #restarts = new IndexRestarts();
  readonly #counts = new Map<Operation, number>();
  readonly #forgotten: Transaction[] = [];
  #root: string;
  #uncleanStops = 0;
  #cuts = 0;
  #needlessScans = 0;

  constructor(random: Random, place: string, engines: readonly Engine[]) {
    this.#random = random;
    this.#place = place;
    this.#engines = engines;
    this.#config = {
      ...smallLogConfig(random),
      'message.timestamp.type': random.chance(0.15) ? 'LogAppendTime' : 'CreateTime',
    };
    this.#root = join(place, 'life-0');
  }

  async run(index: number): Promise<Left> {
    const random = this.#random;
    const hasBrokerFiles = random.chance(0.3);
    mkdirSync(partitionIn(this.#root), { recursive: true });
    if (hasBrokerFiles) {
      for (const [name, text] of Object.entries(BROKER_FILES)) writeFileSync(join(this.#root, name), text);
    }
    let isClean = true;
    let closed: Stand | undefined;
    for (let left = random.between(1, 4); left > 0; left--) {
      const log = await this.#opened(isClean);
      const session = { log, ...this.#working(), counts: this.#counts };
      for (let i = random.between(0, random.pick([6, 40, 60])); i > 0; i--) await operate(session);
      isClean = left === 1 || random.chance(0.5);
      closed = ourStand(log);
      if (isClean) await log.close();
      else await this.#stop(log);
    }
    if (closed === undefined) throw new Error('no session');
    return {
      ...{ index, hasBrokerFiles, root: this.#root, config: this.#config, engines: this.#engines },
      ...{ batchEnd: batchEndIn(partitionIn(this.#root)), forgotten: this.#forgotten },
      ...{ now: this.#clock.now(), closed, restarts: this.#restarts, counts: this.#counts },
      ...{ uncleanStops: this.#uncleanStops, cuts: this.#cuts, needlessScans: this.#needlessScans },
    };
  }

  #engine!: Engine;
  #working() {
    return {
      engine: this.#engine,
      clock: this.#clock,
      random: this.#random,
      restarts: this.#restarts,
      forgotten: this.#forgotten,
    };
  }

  async #opened(isClean: boolean): Promise<Log> {
    this.#engine = this.#random.pick(this.#engines);
    const recoveryPoint = checkpointedRecoveryPoint(this.#root);
    const before = segmentsOf(partitionIn(this.#root)).map(({ baseOffset }) => Number(baseOffset));
    const log = await Log.open(partitionIn(this.#root), optionsOf(this.#config, this.#engine, this.#clock));
    log.checkAppendable();
    const { recovery } = log.status();
    if (isClean && recovery !== undefined && recovery.scannedSegments > 0) this.#needlessScans++;
    this.#forgotten.push(...forgottenBy(log));
    this.#cuts += recovery?.cuts.length ?? 0;
    const floor = before.findLast((base) => base <= recoveryPoint) ?? 0;
    this.#restarts.opened(log.segments(), recovery === undefined ? Infinity : floor);
    return log;
  }

  /** The end without a close: the directory as it was then, with a tail that was torn, goes on elsewhere. */
  async #stop(log: Log): Promise<void> {
    const next = join(this.#place, `life-${++this.#uncleanStops}`);
    cpSync(this.#root, next, { recursive: true });
    await log.close();
    this.#root = next;
    tear(this.#random, partitionIn(next), checkpointedRecoveryPoint(next));
  }
}

/** Writes the log of history `index` below `place`. */
export async function writeHistory(
  seed: number,
  index: number,
  place: string,
  engines: readonly Engine[],
): Promise<Left> {
  try {
    return await new History(new Random(seed * 1_000_003 + index), place, engines).run(index);
  } catch (error) {
    const code = error instanceof SeglogError ? error.code : 'no code';
    throw new Error(`history ${index} of seed ${seed} fails (${code}): ${String(error)}`, { cause: error });
  }
}
