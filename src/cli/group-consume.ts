/** `seglog consume --group`: reads on where a group stands, and commits what was printed. */
import { type ByteEncoding, type BytesPrinter, bytesPrinter } from '../inspect/byte-encoding.ts';
import type { Consumer } from '../group/consumer.ts';
import type { OffsetReset, ReceivedRecord } from '../group/options.ts';
import type { ReadIsolation } from '../log/options.ts';
import { encodingOf } from './arguments.ts';
import { tell } from './exit-codes.ts';
import { Output } from './output.ts';
import { abortOnSignals } from './signals.ts';
import { withStore } from './store-directories.ts';

/** So many records are printed between two commits, at most. */
const COMMIT_RECORDS = 500;
/** Without `--follow`: so long is waited for what is being read before it is looked whether that was all. */
const WAIT_MS = 50;

/** What is asked for. */
export interface GroupConsumeArguments {
  readonly dir: readonly string[];
  readonly group: string;
  readonly reset: OffsetReset;
  readonly limit?: number;
  readonly follow?: boolean;
  readonly isolation: ReadIsolation;
  readonly json?: boolean;
  readonly bytes?: ByteEncoding;
}

/** Prints records of a topic as a consumer of a group: at least once each, whatever happens. */
export async function consumeAsGroup(topic: string, options: GroupConsumeArguments): Promise<void> {
  const { group, reset, isolation } = options;
  const output = new Output(process.stdout);
  const signal = abortOnSignals();
  await withStore(options.dir, async (store) => {
    await using consumer = store.consumer({
      ...{ group, topics: topic, autoOffsetReset: reset, clientId: 'seglog-consume' },
      ...(isolation === 'read_committed' ? { isolation } : {}),
      onReset: ({ partition, from, to }) => {
        if (from !== undefined)
          tell(`note: ${topic}-${partition} has no offset ${from} any more; it is read from ${to}`);
      },
    });
    try {
      await print(consumer, options, output, signal);
    } finally {
      await output.flush();
    }
  });
}

async function print(
  consumer: Consumer,
  options: GroupConsumeArguments,
  output: Output,
  signal: AbortSignal,
): Promise<void> {
  const { follow = false, json = false } = options;
  const printer = bytesPrinter(encodingOf(options));
  let left = options.limit ?? Infinity;
  while (left > 0 && !signal.aborted) {
    const maxRecords = Math.min(left, COMMIT_RECORDS);
    const records = await consumer.poll({ maxRecords, signal, ...(follow ? {} : { timeoutMs: WAIT_MS }) });
    for (const record of records) await output.write(lineOf(record, printer, json));
    await output.flush();
    // What nobody took is not committed.
    if (output.closed) return;
    await consumer.commit();
    left -= records.length;
    if (!follow && records.length === 0 && isAtEnd(consumer)) break;
  }
  if (printer.lossy)
    tell('note: some bytes are not UTF-8 and show as U+FFFD: use --bytes base64 or hex for all of them');
}

/** Partitions that are offline have no end. */
function isAtEnd(consumer: Consumer): boolean {
  return consumer.generation >= 0 && consumer.reading.every((partition) => consumer.lag(partition) === 0);
}

/** As `seglog consume` prints it without a group. */
function lineOf(record: ReceivedRecord<Uint8Array, Uint8Array>, printer: BytesPrinter, isJson: boolean): string {
  const { partition, offset, timestamp, key, value, headers } = record;
  if (!isJson) return value === null ? 'null\n' : `${printer.text(value, 0, value.length)}\n`;
  const json = (bytes: Uint8Array | null): string => (bytes === null ? 'null' : printer.json(bytes, 0, bytes.length));
  const pairs = headers.map(([name, bytes]) => `[${json(Buffer.from(name))},${json(bytes)}]`);
  return `{"partition":${partition},"offset":${offset},"timestamp":${timestamp},"key":${json(key)},"value":${json(value)},"headers":[${pairs.join(',')}]}\n`;
}
