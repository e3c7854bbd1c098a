/**
 * How fast batches get to the disk, each appender waiting until its own is there; and, in turn with that, how many syncs a
 * second the disk gives a bare loop of writing and syncing.
 */
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import type { AppendFile } from '../../fs/contract.ts';
import type { Log } from '../../log/log.ts';
import { type BenchLine, benchLine, type DurableLine } from '../line.ts';
import { randomValues } from '../values.ts';
import { benchConfig, type BenchContext, firstTimestampOf, openEmpty, SEGMENT_BYTES } from './context.ts';
import { LoadWriter } from './load.ts';

const SYNC_FILE = 'sync.probe';

/** What counts as done: `fsync`, one appender that syncs each batch; `group`, several that share syncs. */
export interface Durability {
  readonly durability: 'fsync' | 'group';
  /** How many append at the same time: 1 with `fsync`. */
  readonly appenders: number;
}

/** An engine whose append files count their syncs. */
class CountedSyncs {
  readonly engine: Engine;
  count = 0;

  constructor(engine: Engine) {
    this.engine = {
      ...engine,
      openAppend: (fs, path, options) => {
        const file = engine.openAppend(fs, path, options);
        const sync = file.sync.bind(file);
        file.sync = () => {
          this.count++;
          return sync();
        };
        return file;
      },
    };
  }
}

/** Syncs of one side before it is the other's turn: a disk's speed changes from one second to the next. */
const TURN_SYNCS = 64;

/** Time and syncs of one side, over its turns. */
interface Spent {
  syncs: number;
  elapsedMs: number;
}

/** Appends, each batch waited for, until `end` batches are written or none is left. */
async function appendDurably(log: Log, writer: LoadWriter, end: number, signal?: AbortSignal): Promise<void> {
  while (writer.batches < end && writer.append()) {
    const commit = writer.commit();
    if (commit !== undefined) await commit;
    await log.flush();
    signal?.throwIfAborted();
  }
}

/** Writes `bytes` and syncs, off the thread as the log does, as often as it is told. */
async function syncBare(file: AppendFile, bytes: Uint8Array, spent: Spent, syncs: number): Promise<void> {
  const start = systemClock.monotonicMs();
  for (let i = 0; i < syncs; i++) {
    file.append(bytes, bytes.length);
    await file.sync();
  }
  spent.elapsedMs += systemClock.monotonicMs() - start;
  spent.syncs += syncs;
}

/** One round on open files: the log's turns and the bare loop's, until the load is appended. */
async function takeTurns(
  context: BenchContext,
  { appenders }: Durability,
  log: Log,
  counted: CountedSyncs,
  bareFile: AppendFile,
): Promise<{ readonly durable: Spent; readonly bare: Spent; readonly bareBytes: number }> {
  const { load, signal } = context;
  const writer = new LoadWriter(log, load, firstTimestampOf(load), randomValues(load.recordBytes));
  const durable: Spent = { syncs: 0, elapsedMs: 0 };
  const bare: Spent = { syncs: 0, elapsedMs: 0 };
  let written: Uint8Array | undefined;
  while (!writer.isDone) {
    const end = writer.batches + appenders * TURN_SYNCS;
    const before = counted.count;
    const start = systemClock.monotonicMs();
    await Promise.all(Array.from({ length: appenders }, () => appendDurably(log, writer, end, signal)));
    durable.elapsedMs += systemClock.monotonicMs() - start;
    const syncs = counted.count - before;
    durable.syncs += syncs;
    // As many bytes as came to the log between two syncs.
    written ??= randomValues(Math.max(1, Math.floor(log.status().sizeBytes / syncs)))[0] as Uint8Array;
    await syncBare(bareFile, written, bare, syncs);
  }
  return { durable, bare, bareBytes: bare.syncs * (written?.length ?? 0) };
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
  const counted = new CountedSyncs(engine);
  const log = await openEmpty(context, { ...benchConfig(context), engine: counted.engine });
  const path = join(directory, SYNC_FILE);
  fs.remove(path);
  const bareFile = engine.openAppend(fs, path, { sizeBytes: 0, maxSizeBytes: SEGMENT_BYTES, preallocate: false });
  try {
    const { durable, bare, bareBytes } = await takeTurns(context, durability, log, counted, bareFile);
    const appends = Math.ceil(load.records / load.batchRecords);
    const measured = { records: load.records, bytes: log.status().sizeBytes, elapsedMs: durable.elapsedMs };
    const line: DurableLine = {
      ...benchLine('append', round, engine.name, measured),
      producer: load.producer,
      ...durability,
      appends,
      appendsPerSecond: perSecond(appends, durable.elapsedMs),
      syncs: durable.syncs,
      syncsPerSecond: perSecond(durable.syncs, durable.elapsedMs),
      meanGroup: Number((appends / durable.syncs).toFixed(1)),
    };
    const bareMeasured = { records: bare.syncs, bytes: bareBytes, elapsedMs: bare.elapsedMs };
    return [line, benchLine('sync', round, engine.name, bareMeasured)];
  } finally {
    bareFile.close();
    fs.remove(path);
    await log.close();
  }
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
