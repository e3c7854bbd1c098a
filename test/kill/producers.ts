/**
 * Producers that number their records, in the processes that are killed and in what is looked at afterwards: what a log knows of its
 * producers is what its batches say, and what is sent a second time is there once.
 */
import type { Log } from '../../src/log/log.ts';
import type { ProducerIdentity, RecordInput } from '../../src/log/options.ts';
import type { ProducerDescription } from '../../src/state/producers/producer-state.ts';
import type { Deed, Sent } from './plan.ts';

const COMMIT = 1;

function knownOf(log: Log, producerId: number): ProducerDescription | undefined {
  return log.producers().find((known) => known.producerId === producerId);
}

/** Sends a batch as the producer's next one, as far as the log knows of it; a second time when asked. */
export async function produce(log: Log, deed: Deed & { do: 'produce' }): Promise<void> {
  const known = knownOf(log, deed.producerId);
  const producer = nextOf(known, deed);
  const { baseOffset } = await log.append(deed.records, { producer });
  if (!deed.again) return;
  const { logEndOffset } = log;
  const again = await log.append(deed.records, { producer });
  if (again.isDuplicate === true && again.baseOffset === baseOffset && log.logEndOffset === logEndOffset) return;
  throw new Error(`sent twice, a batch at ${baseOffset} was taken for another one: ${JSON.stringify(again)}`);
}

function nextOf(
  known: ProducerDescription | undefined,
  { producerId, isTransactional, isNewEpoch }: Sent,
): ProducerIdentity {
  const { producerEpoch = 0, lastSequence = -1, currentTxnFirstOffset = -1 } = known ?? {};
  if (isNewEpoch && currentTxnFirstOffset < 0) {
    return { producerId, isTransactional, producerEpoch: producerEpoch + 1, baseSequence: 0 };
  }
  return { producerId, isTransactional, producerEpoch, baseSequence: lastSequence + 1 };
}

/** Ends the transaction of a producer, if it has one. */
export async function endTransaction(log: Log, { producerId, result }: Deed & { do: 'end' }): Promise<void> {
  const known = knownOf(log, producerId);
  if (known === undefined || known.currentTxnFirstOffset < 0) return;
  await log.endTransaction({ producerId, producerEpoch: known.producerEpoch, result });
}

/** The last batch of a producer, and what is open of its transaction. */
interface Heard {
  readonly producer: ProducerIdentity;
  readonly baseOffset: number;
  readonly lastSequence: number;
  /** undefined where a compaction took some. */
  readonly records: readonly RecordInput[] | undefined;
}

/** Looks at what a log knows of its producers, and at its transactions. @throws Error that says what is not as it must be */
export function lookAtProducers(log: Log): void {
  const { heard, open, committed } = hear(log);
  for (const [producerId, { producer, lastSequence }] of heard) {
    const known = knownOf(log, producerId);
    if (known?.producerEpoch === producer.producerEpoch && known.lastSequence === lastSequence) continue;
    // A marker of a later epoch knows no sequence.
    if (known !== undefined && known.producerEpoch > producer.producerEpoch && known.lastSequence === -1) continue;
    const batch = `epoch ${producer.producerEpoch} up to ${lastSequence}`;
    throw new Error(`producer ${producerId} is known as ${JSON.stringify(known)}, and its last batch has ${batch}`);
  }
  lookAtOpen(log, open);
  const read = [...log.readSync({ isolation: 'read_committed' })].flatMap((batch) =>
    batch.isControl ? [] : offsetsOf(batch),
  );
  const stable = committed.filter((offset) => offset < Math.min(log.lastStableOffset, ...open.values()));
  if (read.filter((offset) => offset >= log.logStartOffset).join() !== stable.join()) {
    throw new Error(`committed records are read at ${read.join()}, and are at ${stable.join()}`);
  }
}

/** Of a transaction that began below the log start the log tells the rest alone. */
function lookAtOpen(log: Log, open: ReadonlyMap<number, number>): void {
  const known = log.producers().filter(({ currentTxnFirstOffset }) => currentTxnFirstOffset >= 0);
  for (const { producerId, currentTxnFirstOffset: first } of known) {
    const found = open.get(producerId);
    if (found === first || first < log.logStartOffset) continue;
    throw new Error(`a transaction of ${producerId} is open from ${first} on, and the log has one from ${found} on`);
  }
  for (const [producerId, first] of open) {
    if (known.some((one) => one.producerId === producerId)) continue;
    throw new Error(`nobody knows that a transaction of ${producerId} is open from ${first} on`);
  }
}

/** Whoever did not hear that its last batch was taken sends it once more: it is there once. */
export async function sendAgain(log: Log): Promise<void> {
  for (const { producer, records, baseOffset } of hear(log).heard.values()) {
    const known = knownOf(log, producer.producerId);
    if (records === undefined || known?.producerEpoch !== producer.producerEpoch) continue;
    const again = await log.append(records, { producer });
    if (again.isDuplicate === true && again.baseOffset === baseOffset) continue;
    throw new Error(`the batch at ${baseOffset} came again, and was taken for another one: ${JSON.stringify(again)}`);
  }
}

function offsetsOf(batch: { records(): readonly { readonly offset: number }[] }): number[] {
  return batch.records().map(({ offset }) => offset);
}

/** What the batches of a log say. */
function hear(log: Log): {
  readonly heard: ReadonlyMap<number, Heard>;
  readonly open: ReadonlyMap<number, number>;
  readonly committed: readonly number[];
} {
  const heard = new Map<number, Heard>();
  const open = new Map<number, number>();
  const undecided = new Map<number, number[]>();
  const committed: number[] = [];
  for (const batch of log.readSync({ isolation: 'log_end' })) {
    const { producerId, producerEpoch, baseSequence, baseOffset, lastOffset, isTransactional } = batch;
    const records = batch.records();
    const offsets = records.map(({ offset }) => offset).filter((offset) => offset >= log.logStartOffset);
    if (batch.isControl) {
      if (records[0]?.key?.readInt16BE(2) === COMMIT) committed.push(...(undecided.get(producerId) ?? []));
      undecided.delete(producerId);
      open.delete(producerId);
      continue;
    }
    if (isTransactional) {
      undecided.set(producerId, [...(undecided.get(producerId) ?? []), ...offsets]);
      if (!open.has(producerId)) open.set(producerId, baseOffset);
    } else committed.push(...offsets);
    if (producerId < 0) continue;
    const isWhole = records.length === lastOffset - baseOffset + 1;
    heard.set(producerId, {
      producer: { producerId, producerEpoch, baseSequence, isTransactional },
      ...{ baseOffset, lastSequence: baseSequence + lastOffset - baseOffset },
      records: isWhole ? records.map(({ key, value, timestamp }) => ({ key, value, timestamp })) : undefined,
    });
  }
  return { heard, open, committed: committed.sort((a, b) => a - b) };
}
