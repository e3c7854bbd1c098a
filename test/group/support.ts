/** Stores with groups, for tests. */
import { ManualClock } from '../../src/clock/clock.ts';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { type Consumer, type ReceivedRecord, Store, type StoreOptions } from '../../src/index.ts';
import { OFFSETS_TOPIC } from '../../src/group/records/partition-for-group.ts';

/** A store in memory, whose time moves when it is told to. */
export interface GroupBench {
  readonly fs: MemoryFileSystem;
  /** What the store sees of it. */
  readonly faults: FaultyFileSystem;
  readonly clock: ManualClock;
  store: Store;
  /** Closes the store and opens it again. */
  reopen(): Promise<Store>;
}

export const DIRECTORY = '/data';

export async function groupBench(
  options: StoreOptions = {},
  fs: MemoryFileSystem = new MemoryFileSystem(),
  clock: ManualClock = new ManualClock(1_700_000_000_000),
): Promise<GroupBench> {
  const faults = new FaultyFileSystem(fs);
  const open = (): Promise<Store> => Store.open(DIRECTORY, { fs: faults, clock, logCleanerThreads: 0, ...options });
  const bench: GroupBench = {
    fs,
    faults,
    clock,
    store: await open(),
    async reopen() {
      await bench.store.close();
      bench.store = await open();
      return bench.store;
    },
  };
  return bench;
}

/** What is in a file system now, as a process that is killed leaves it: nobody has it open. */
export function copyOf(fs: MemoryFileSystem, directory = '/'): MemoryFileSystem {
  const copy = new MemoryFileSystem();
  const walk = (path: string): void => {
    copy.makeDirectory(path);
    for (const name of fs.list(path)) {
      const inner = path === '/' ? `/${name}` : `${path}/${name}`;
      if (fs.stat(inner)?.isDirectory === true) walk(inner);
      else copy.replaceSmall(inner, fs.readSmall(inner, Infinity) ?? new Uint8Array());
    }
  };
  walk(directory);
  return copy;
}

/** Appends records whose values are their partition and offset. */
export async function fill(store: Store, topic: string, perPartition: number): Promise<void> {
  for (const { partition } of store.describeTopic(topic).partitions) {
    const log = store.partition(topic, partition);
    const from = log.logEndOffset;
    const records = Array.from({ length: perPartition }, (_, i) => ({ value: `${partition}:${from + i}` }));
    await log.append(records);
  }
}

type Received = ReceivedRecord<Uint8Array, Uint8Array>;

/** What consumers handed out while they were waited for. */
const handedOut = new WeakMap<Consumer, string[]>();

function textsOf(records: readonly Received[]): string[] {
  return records.map(({ value }) => Buffer.from(value ?? []).toString());
}

/** Polls until nothing comes any more. */
export async function drain(consumer: Consumer, maxRecords = 500): Promise<string[]> {
  const values: string[] = handedOut.get(consumer) ?? [];
  handedOut.delete(consumer);
  for (;;) {
    const records = await consumer.poll({ timeoutMs: 0, maxRecords });
    values.push(...textsOf(records));
    if (records.length > 0) continue;
    if (!(await settled(consumer))) return values;
  }
}

/** What readers fetch comes in turns of the event loop. @returns whether there is something to read still */
async function settled(consumer: Consumer): Promise<boolean> {
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
  return consumer.generation < 0 || consumer.assignment.some((partition) => lagOf(consumer, partition) > 0);
}

function lagOf(consumer: Consumer, partition: Consumer['assignment'][number]): number {
  try {
    return consumer.lag(partition);
  } catch {
    return 1;
  }
}

/** Polls consumers at the same time until all of them are in the generation of the first. */
export async function join(...consumers: readonly Consumer[]): Promise<void> {
  for (let i = 0; i < 100; i++) {
    await Promise.all(
      consumers.map(async (consumer) => {
        const records = await consumer.poll({ timeoutMs: 1, signal: soon(), maxRecords: 1 });
        handedOut.set(consumer, [...(handedOut.get(consumer) ?? []), ...textsOf(records)]);
      }),
    );
    const generations = new Set(consumers.map(({ generation }) => generation));
    if (generations.size === 1 && !generations.has(-1)) return;
  }
  throw new Error('they did not get together');
}

function soon(): AbortSignal {
  const controller = new AbortController();
  void (async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
  })();
  return controller.signal;
}

/** The partitions that each has. */
export function owned(...consumers: readonly Consumer[]): string[][] {
  return consumers.map(({ assignment }) => assignment.map(({ topic, partition }) => `${topic}-${partition}`).sort());
}

/** Turns a bit of the first batch of a partition of `__consumer_offsets` over, while the store is closed. */
export async function damagePositions(bench: GroupBench, partition: number): Promise<void> {
  await bench.store.close();
  const file = `${DIRECTORY}/${OFFSETS_TOPIC}-${partition}/00000000000000000000.log`;
  const bytes = bench.fs.readSmall(file, 1_000_000) ?? new Uint8Array();
  bytes[70] = (bytes[70] ?? 0) ^ 1;
  bench.fs.replaceSmall(file, bytes);
  await bench.reopen();
}
