/** How far recovery is, told at most ten times a second. */
import type { Clock } from '../../clock/clock.ts';
import type { RecoveryProgress } from './report.ts';

const INTERVAL_MS = 100;

/** Counts bytes. */
export class Progress {
  readonly #clock: Clock;
  readonly #totalBytes: number;
  readonly #tell: ((progress: RecoveryProgress) => void) | undefined;
  readonly #startedMs: number;
  #doneBytes = 0;
  #toldMs = -Infinity;

  constructor(clock: Clock, totalBytes: number, tell: ((progress: RecoveryProgress) => void) | undefined) {
    this.#clock = clock;
    this.#totalBytes = totalBytes;
    this.#tell = tell;
    this.#startedMs = clock.monotonicMs();
  }

  /** So much of the current segment was scanned. */
  scanned(bytesOfSegment: number): void {
    this.#report(this.#doneBytes + bytesOfSegment);
  }

  segmentDone(segmentBytes: number): void {
    this.#doneBytes += segmentBytes;
    this.#report(this.#doneBytes);
  }

  #report(bytes: number): void {
    if (this.#tell === undefined) return;
    const nowMs = this.#clock.monotonicMs();
    const scannedBytes = Math.min(bytes, this.#totalBytes);
    if (nowMs - this.#toldMs < INTERVAL_MS && scannedBytes < this.#totalBytes) return;
    this.#toldMs = nowMs;
    const speed = scannedBytes / Math.max(nowMs - this.#startedMs, 1);
    const left = this.#totalBytes - scannedBytes;
    this.#tell({ scannedBytes, totalBytes: this.#totalBytes, remainingMs: speed > 0 ? Math.round(left / speed) : 0 });
  }
}
