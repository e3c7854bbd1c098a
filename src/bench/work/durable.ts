/**
 * How fast batches get to the disk, each appender waiting until its own is there; and, in turn with that, how many syncs a
 * second the disk gives a bare loop of writing and syncing.
 */
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { File } from '../../fs/contract.ts';
import type { Log } from '../../log/log.ts';
import { type BenchLine, benchLine, type DurableLine } from '../line.ts';
import { RoundMeter } from '../meter.ts';
import { randomValues } from '../values.ts';
import { benchConfig, type BenchContext, firstTimestampOf, openEmpty } from './context.ts';
import { contentOf, LoadWriter } from './load.ts';

const SYNC_FILE = 'sync.probe';

/** What counts as done: `fsync`, one appender that syncs each batch; `group`, several that share syncs. */
export interface Durability {
  readonly durability: 'fsync' | 'group';
  /** How many append at the same time: 1 with `fsync`. */
  readonly appenders: number;
  /** Whether each append is timed, until it is on the disk. */
  readonly latency?: boolean;
}

/** Syncs of one side before it is the other's turn: a disk's speed changes from one second to the next. */
const TURN_SYNCS = 64;

/** Time and syncs of one side, over its turns. */
interface Spent {
  syncs: number;
  elapsedMs: number;
}

/** Appends, each batch waited for, until `end` batches are written or none is left. */
async function appendDurably(
  log: Log,
  writer: LoadWriter,
  { times, clock, place: { signal } }: RoundMeter<BenchContext>,
  end: number,
  isTimed: boolean,
): Promise<void> {
  while (writer.batches < end && !writer.isDone) {
    const began = isTimed ? clock.monotonicMs() : 0;
    writer.append();
    const commit = writer.commit();
    if (commit !== undefined) await commit;
    await log.flush();
    if (isTimed) times.note(undefined, began, clock.monotonicMs());
    signal?.throwIfAborted();
  }
}

/** Writes `bytes` behind what is there and syncs, on this thread and with nothing between, as often as it is told. */
function syncBare(file: File, bytes: Uint8Array, spent: Spent, syncs: number): void {
  const start = systemClock.monotonicMs();
  for (let i = 0; i < syncs; i++) {
    file.write(bytes, 0, bytes.length, spent.syncs++ * bytes.length);
    file.syncSync();
  }
  spent.elapsedMs += systemClock.monotonicMs() - start;
}

/** One round on open files: the log's turns and the bare loop's, until the load is appended. */
async function takeTurns(
  meter: RoundMeter<BenchContext>,
  { appenders, latency }: Durability,
  log: Log,
  bareFile: File,
): Promise<{ readonly syncs: number; readonly bare: Spent; readonly bareBytes: number }> {
  const { load } = meter.place;
  const writer = new LoadWriter(log, load, firstTimestampOf(load), contentOf(load));
  let syncs = 0;
  const bare: Spent = { syncs: 0, elapsedMs: 0 };
  let written: Uint8Array | undefined;
  while (!writer.isDone) {
    const end = writer.batches + appenders * TURN_SYNCS;
    const before = meter.syncs;
    const appender = (): Promise<void> => appendDurably(log, writer, meter, end, latency === true);
    await meter.time(() => Promise.all(Array.from({ length: appenders }, appender)));
    const turnSyncs = meter.syncs - before;
    syncs += turnSyncs;
    // As many bytes as came to the log between two syncs.
    written ??= randomValues(Math.max(1, Math.floor(log.status().sizeBytes / turnSyncs)))[0] as Uint8Array;
    syncBare(bareFile, written, bare, turnSyncs);
  }
  return { syncs, bare, bareBytes: bare.syncs * (written?.length ?? 0) };
}

function perSecond(count: number, elapsedMs: number): number {
  return Number((count / (elapsedMs / 1000)).toFixed(1));
}

async function runRound(
  context: BenchContext,
  durability: Durability,
  round: number,
): Promise<[DurableLine, BenchLine]> {
  const { engine, fs, load, directory } = context;
  const meter = new RoundMeter(context);
  const log = await openEmpty(meter.place, benchConfig(meter.place));
  const path = join(directory, SYNC_FILE);
  fs.remove(path);
  const bareFile = fs.open(path, 'new');
  const turns = await (async () => {
    try {
      return await takeTurns(meter, durability, log, bareFile);
    } finally {
      bareFile.close();
      fs.remove(path);
      await log.close();
    }
  })();
  const { syncs, bare, bareBytes } = turns;
  const { elapsedMs } = meter;
  const appends = Math.ceil(load.records / load.batchRecords);
  const line: DurableLine = {
    ...benchLine('append', round, engine.name, { records: load.records, bytes: log.status().sizeBytes, elapsedMs }),
    ...{ producer: load.producer, durability: durability.durability, appenders: durability.appenders },
    appends,
    appendsPerSecond: perSecond(appends, elapsedMs),
    syncs,
    syncsPerSecond: perSecond(syncs, elapsedMs),
    meanGroup: Number((appends / syncs).toFixed(1)),
    ...meter.cost(),
    ...meter.latencies(),
  };
  const bareMeasured = { records: bare.syncs, bytes: bareBytes, elapsedMs: bare.elapsedMs };
  return [line, benchLine('sync', round, engine.name, bareMeasured)];
}

/** Lines of durable appending and of bare syncs; `records` of the latter are syncs. The last round's log stays. */
export async function* benchDurable(
  context: BenchContext,
  durability: Durability,
): AsyncGenerator<BenchLine, void, void> {
  for (let round = 0; round < context.rounds; round++) {
    context.signal?.throwIfAborted();
    yield* await runRound(context, durability, round);
  }
}
