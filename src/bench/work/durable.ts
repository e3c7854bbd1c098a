/**
 * How fast batches get to the disk, each appender waiting until its own is there; and, in turn with that, how many syncs a
 * second the disk gives a bare loop of writing and syncing.
 */
import { join } from 'node:path';
import { systemClock } from '../../clock/clock.ts';
import type { Engine } from '../../engine/contract.ts';
import type { Log } from '../../log/log.ts';
import { type BenchLine, benchLine, type DurableLine } from '../line.ts';
import { claimScratch } from '../scratch.ts';
import { Turns } from '../turn.ts';
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

async function appendDurably(log: Log, writer: LoadWriter, signal: AbortSignal | undefined): Promise<void> {
  while (writer.append()) {
    const commit = writer.commit();
    if (commit !== undefined) await commit;
    await log.flush();
    signal?.throwIfAborted();
  }
}

async function durableRound(
  context: BenchContext,
  { durability, appenders }: Durability,
  round: number,
  values: readonly Uint8Array[],
): Promise<DurableLine> {
  const { load, signal } = context;
  signal?.throwIfAborted();
  const counted = new CountedSyncs(context.engine);
  const log = await openEmpty(context, { ...benchConfig(context), engine: counted.engine });
  try {
    const writer = new LoadWriter(log, load, firstTimestampOf(load), values);
    const start = systemClock.monotonicMs();
    await Promise.all(Array.from({ length: appenders }, () => appendDurably(log, writer, signal)));
    const elapsedMs = systemClock.monotonicMs() - start;
    const syncs = counted.count;
    const appends = Math.ceil(load.records / load.batchRecords);
    const measured = { records: load.records, bytes: log.status().sizeBytes, elapsedMs };
    return {
      ...benchLine('append', round, context.engine.name, measured),
      producer: load.producer,
      ...{ durability, appenders, appends, syncs },
      appendsPerSecond: perSecond(appends, elapsedMs),
      syncsPerSecond: perSecond(syncs, elapsedMs),
      meanGroup: Number((appends / syncs).toFixed(1)),
    };
  } finally {
    await log.close();
  }
}

function perSecond(count: number, elapsedMs: number): number {
  return Number((count / (elapsedMs / 1000)).toFixed(1));
}

/** As many syncs as the log made, each of as many bytes as there came to the log between two of them, on this thread. */
async function bareRound(
  { engine, fs, directory, signal }: BenchContext,
  { round, syncs, bytes }: DurableLine,
): Promise<BenchLine> {
  claimScratch(fs, directory);
  const path = join(directory, SYNC_FILE);
  fs.remove(path);
  const file = engine.openAppend(fs, path, { sizeBytes: 0, maxSizeBytes: SEGMENT_BYTES, preallocate: false });
  try {
    const length = Math.max(1, Math.floor(bytes / syncs));
    const written = randomValues(length)[0] as Uint8Array;
    const turns = new Turns(signal);
    const start = systemClock.monotonicMs();
    for (let i = 0; i < syncs; i++) {
      file.append(written, length);
      file.syncSync();
      const turn = turns.next();
      if (turn !== undefined) await turn;
    }
    const elapsedMs = systemClock.monotonicMs() - start;
    return benchLine('sync', round, engine.name, { records: syncs, bytes: syncs * length, elapsedMs });
  } finally {
    file.close();
    fs.remove(path);
  }
}

/** Lines of durable appending and of bare syncs in turn; `records` of the latter are syncs. The last round's log stays. */
export async function* benchDurable(
  context: BenchContext,
  durability: Durability,
): AsyncGenerator<BenchLine, void, void> {
  const values = randomValues(context.load.recordBytes);
  for (let round = 0; round < context.rounds; round++) {
    const line = await durableRound(context, durability, round, values);
    yield line;
    yield await bareRound(context, line);
  }
}
