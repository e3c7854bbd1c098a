/** Records one by one, without batching by the caller: a writer gathers them, as a user without batches would have it. */
import type { Log } from '../../log/log.ts';
import type { LogWriter, WriterOptions } from '../../log/writer.ts';
import type { RoundMeter } from '../meter.ts';
import type { Timing } from '../operation-times.ts';
import { RECORDS_PER_TURN, Turns } from '../turn.ts';
import { VALUE_COUNT } from '../values.ts';
import type { BenchContext } from './context.ts';
import type { LoadContent } from './load.ts';

export const WRITER_CALLS = ['write', 'send'] as const;
/** `write` gives nothing back; `send` gives each record's offset. */
export type WriterCall = (typeof WRITER_CALLS)[number];

/** How a writer is used. */
export interface WriterUse {
  readonly api: WriterCall;
  /** How long a record may wait for others, in milliseconds. */
  readonly lingerMs: number;
  /** A batch is appended when it has as many bytes; the writer's own default when left out. */
  readonly batchBytes?: number;
  /** A batch is appended when it has as many records; no limit when left out. */
  readonly batchRecords?: number;
  /** How many records may wait for their offsets at the same time: `send` only. */
  readonly inFlight: number;
}

function writerOptions(use: WriterUse, { load }: BenchContext): WriterOptions<Uint8Array, Uint8Array> {
  const { lingerMs, batchBytes, batchRecords } = use;
  return {
    linger: lingerMs,
    compression: load.compression,
    ...(batchBytes === undefined ? {} : { batchBytes }),
    ...(batchRecords === undefined ? {} : { batchRecords }),
  };
}

/** Gives the writer the records, one after the other. */
class SingleRecords {
  readonly #writer: LogWriter<Uint8Array, Uint8Array>;
  readonly #content: LoadContent;
  readonly #inFlightMost: number;
  #next = 0;
  #inFlight = 0;
  #failure: { readonly reason: unknown } | undefined;
  #freed: (() => void) | undefined;

  constructor(writer: LogWriter<Uint8Array, Uint8Array>, content: LoadContent, inFlight: number) {
    this.#writer = writer;
    this.#content = content;
    this.#inFlightMost = inFlight;
  }

  get count(): number {
    return this.#next;
  }

  /** The next record's key and value. Its time is the writer's affair, as for most users. */
  #record(): { key: Uint8Array | null; value: Uint8Array } {
    const { keys, values } = this.#content;
    const i = this.#next++;
    return { key: keys === undefined ? null : keys.at(i), value: values[i & (VALUE_COUNT - 1)] as Uint8Array };
  }

  write(): Promise<void> | undefined {
    return this.#writer.write(this.#record());
  }

  /** What `send` gives: the offset, once the record is appended. */
  send(): Promise<number> {
    this.#inFlight++;
    const sent = this.#writer.send(this.#record());
    sent.then(
      () => this.#settled(),
      (reason: unknown) => {
        this.#failure ??= { reason };
        this.#settled();
      },
    );
    return sent;
  }

  #settled(): void {
    if (--this.#inFlight > this.#inFlightMost / 2) return;
    this.#freed?.();
    this.#freed = undefined;
  }

  /** undefined while more may be sent; otherwise when half of those under way have their offsets. */
  room(): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure.reason;
    if (this.#inFlight < this.#inFlightMost) return undefined;
    return new Promise((resolve) => (this.#freed = resolve));
  }

  /** Until all have their offsets. */
  async rest(): Promise<void> {
    await this.#writer.flush();
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
}

async function sendAll(records: SingleRecords, meter: RoundMeter<BenchContext>, timing: Timing): Promise<void> {
  const { times, clock, place } = meter;
  const { load, signal } = place;
  const isTimed = timing.latency === true || timing.rate !== undefined;
  const send = (due?: number): void => {
    const began = isTimed ? clock.monotonicMs() : 0;
    const sent = records.send();
    // A failure is told by `room` and `rest`.
    if (isTimed)
      void sent.then(
        () => times.note(due, began, clock.monotonicMs()),
        () => undefined,
      );
  };
  if (timing.rate !== undefined) {
    await times.pace(load.records, timing.rate, (due) => (send(due), records.room()), signal);
    return;
  }
  const turns = new Turns(signal, RECORDS_PER_TURN);
  while (records.count < load.records) {
    send();
    const wait = records.room() ?? turns.next();
    if (wait !== undefined) await wait;
  }
}

async function writeAll(records: SingleRecords, meter: RoundMeter<BenchContext>, timing: Timing): Promise<void> {
  const { times, place } = meter;
  const { load, signal } = place;
  const write = (): Promise<void> | undefined => records.write();
  if (timing.rate !== undefined) return times.runPaced(load.records, timing.rate, write, signal);
  const turns = new Turns(signal, RECORDS_PER_TURN);
  const isTimed = timing.latency === true;
  while (records.count < load.records) {
    const wait = (isTimed ? times.run(write) : write()) ?? turns.next();
    if (wait !== undefined) await wait;
  }
}

/** Writes the whole load; over when all of it is appended. */
export async function writeLoad(
  log: Log,
  meter: RoundMeter<BenchContext>,
  content: LoadContent,
  use: WriterUse & Timing,
): Promise<void> {
  const writer = log.writer<Uint8Array, Uint8Array>(writerOptions(use, meter.place));
  const records = new SingleRecords(writer, content, use.inFlight);
  try {
    await (use.api === 'send' ? sendAll(records, meter, use) : writeAll(records, meter, use));
    await records.rest();
  } finally {
    await writer.close();
  }
}
