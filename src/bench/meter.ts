/** What a round costs: time, processor time, memory, bytes written and read. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../clock/clock.ts';
import { SeglogError } from '../errors/errors.ts';
import { CountedFiles } from './counted-files.ts';
import type { Cost } from './line.ts';
import { OperationTimes, type OperationLatencies, type Timing } from './operation-times.ts';
import type { BenchPlace } from './work/context.ts';

/** `resourceUsage` counts in these. */
const RESIDENT_UNIT = 1024;
const BLOCK_BYTES = 512;
const MICROSECONDS = 1e6;

/** Measures one round. */
export class RoundMeter<Place extends BenchPlace = BenchPlace> {
  /** The place, with files that count. */
  readonly place: Place;
  readonly times: OperationTimes;
  readonly clock: Clock;
  readonly #counted: CountedFiles;
  #elapsedMs = 0;
  #cpuMicros = 0;
  #blocksRead = 0;

  constructor(place: Place, timing: Timing = {}) {
    this.#counted = new CountedFiles(place.engine, place.fs);
    this.place = { ...place, engine: this.#counted.engine, fs: this.#counted.fs };
    this.clock = place.clock ?? systemClock;
    this.times = new OperationTimes(this.clock, timing.rate);
  }

  /** Time in {@link RoundMeter.time}. */
  get elapsedMs(): number {
    return this.#elapsedMs;
  }

  /** Syncs so far. */
  get syncs(): number {
    return this.#counted.syncs;
  }

  /** Runs what is measured, once or in turns. Threads that measure together begin together. */
  async time<T>(run: () => Promise<T> | T): Promise<T> {
    await this.place.gate?.();
    const cpu = process.cpuUsage();
    const { fsRead } = process.resourceUsage();
    const start = this.clock.monotonicMs();
    const result = await run();
    this.#elapsedMs += this.clock.monotonicMs() - start;
    const { user, system } = process.cpuUsage(cpu);
    this.#cpuMicros += user + system;
    this.#blocksRead += process.resourceUsage().fsRead - fsRead;
    return result;
  }

  /** Empties the page cache of files before they are read, where the round is to be cold. */
  chill(directory: string): void {
    const { cache, dropCache, fs } = this.place;
    if (cache !== 'cold') return;
    dropCache?.(
      fs
        .list(directory)
        .map((name) => join(directory, name))
        .filter((path) => fs.stat(path)?.isFile === true),
    );
  }

  /**
   * Checks that a cold round took anything from the disk.
   *
   * @throws SeglogError `INVALID_ARGUMENT` when it did not: it was no cold one
   */
  checkCold(): void {
    if (this.place.cache !== 'cold' || this.#blocksRead > 0) return;
    throw new SeglogError('INVALID_ARGUMENT', 'this round was not cold: it read nothing from the disk', {
      file: this.place.directory,
      action: 'Measure with --cache warm, or name a --dir on a disk (files of a tmpfs are always in memory)',
    });
  }

  /** What the round cost up to now: to be asked once its log is closed, since closing writes too. */
  cost(): Cost {
    return {
      cpuSeconds: Number((this.#cpuMicros / MICROSECONDS).toFixed(6)),
      peakRssBytes: process.resourceUsage().maxRSS * RESIDENT_UNIT,
      bytesWritten: this.#counted.bytesWritten,
      storageBytesRead: this.#blocksRead * BLOCK_BYTES,
    };
  }

  /** What was noted of single operations; the histograms go to who keeps them. */
  latencies(): OperationLatencies {
    this.place.keep?.(this.times.kept());
    return this.times.summary();
  }
}
