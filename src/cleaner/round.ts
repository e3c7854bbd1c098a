/** What both passes of a round share. */
import { ChunkReader } from './chunks.ts';
import type { CleanerMachine, CleanHooks, CleanProgress, CleanRequest } from './contract.ts';
import { noCounts, type RoundCounts } from './counts.ts';
import { LogSources, type Source } from './sources.ts';
import { Throttle } from './throttle.ts';

/** How much is read at once, unless told otherwise. */
const BUFFER_BYTES = 1024 * 1024;

/** One round under way. */
export class Round {
  readonly machine: CleanerMachine;
  readonly request: CleanRequest;
  readonly sources: LogSources;
  readonly reader: ChunkReader;
  readonly counts: RoundCounts = noCounts();
  readonly #hooks: CleanHooks;
  readonly #throttle: Throttle;
  #phase: CleanProgress['phase'] = 'map';
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(machine: CleanerMachine, request: CleanRequest, hooks: CleanHooks) {
    this.machine = machine;
    this.request = request;
    this.#hooks = hooks;
    this.sources = new LogSources(machine, request);
    this.reader = new ChunkReader(machine, request.bufferBytes ?? BUFFER_BYTES);
    this.#throttle = new Throttle(machine.clock, request.maxBytesPerSecond ?? Infinity, request.throttleSharers);
  }

  /** Starts a phase over these segments. */
  begin(phase: CleanProgress['phase'], segments: readonly Source[]): void {
    this.#hooks.signal?.throwIfAborted();
    this.#phase = phase;
    this.#doneBytes = 0;
    this.#totalBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  /** After each chunk: tells how far the phase is, waits if it was too fast, and ends the round if that is asked for. */
  async pass(readBytes: number, writtenBytes: number): Promise<void> {
    this.#doneBytes += readBytes;
    this.#hooks.onProgress?.({ phase: this.#phase, doneBytes: this.#doneBytes, totalBytes: this.#totalBytes });
    await this.wait(readBytes + writtenBytes);
  }

  /** After reading what no phase counts. */
  async wait(bytes: number): Promise<void> {
    await this.#throttle.pass(bytes, this.#hooks.signal);
    this.#hooks.signal?.throwIfAborted();
  }
}
