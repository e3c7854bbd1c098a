/**
 * Appending by plain writes: works on any file system, in any engine. The mapped way lives in the native engine.
 */
import { SeglogError } from '../errors/errors.ts';
import type { AppendFile, AppendOptions, File } from './contract.ts';

/** An {@link AppendFile} over a {@link File}: one positional write per append, put back when it fails. */
export class WrittenFile implements AppendFile {
  readonly kind = 'written';
  readonly path: string;
  readonly #file: File;
  #sizeBytes: number;
  #failure: unknown;
  #closed = false;

  /** `file` is open for update, and owned by this object from now on. */
  constructor(file: File, options: AppendOptions) {
    this.path = file.path;
    this.#file = file;
    this.#sizeBytes = options.sizeBytes;
    const found = file.sizeBytes();
    if (found < options.sizeBytes) {
      throw new SeglogError('FILE_SHRANK', 'the file is shorter than the log that was found in it', {
        file: file.path,
        expected: options.sizeBytes,
        found,
      });
    }
    if (found > options.sizeBytes) file.truncate(options.sizeBytes);
    // A zero tail of the full size, as Kafka's `preallocate` leaves it; trimmed at close.
    if (options.preallocate && options.maxSizeBytes > options.sizeBytes) file.truncate(options.maxSizeBytes);
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(bytes: Uint8Array, length: number): void {
    if (!(Number.isInteger(length) && length >= 0 && length <= bytes.length)) {
      throw new SeglogError('INVALID_ARGUMENT', 'there are not so many bytes to append', {
        file: this.path,
        expected: `0 to ${bytes.length}`,
        found: length,
      });
    }
    this.#check();
    try {
      this.#file.write(bytes, 0, length, this.#sizeBytes);
    } catch (error) {
      this.#putBack(error);
      throw error;
    }
    this.#sizeBytes += length;
  }

  truncate(sizeBytes: number): void {
    this.#check();
    if (sizeBytes > this.#sizeBytes) {
      throw new SeglogError('INTERNAL', 'truncation above the end', {
        file: this.path,
        expected: this.#sizeBytes,
        found: sizeBytes,
      });
    }
    this.#file.truncate(sizeBytes);
    this.#sizeBytes = sizeBytes;
  }

  trim(): void {
    this.#check();
    if (this.#file.sizeBytes() !== this.#sizeBytes) this.#file.truncate(this.#sizeBytes);
  }

  async sync(): Promise<void> {
    this.#check();
    try {
      await this.#file.sync();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  syncSync(): void {
    this.#check();
    try {
      this.#file.syncSync();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      if (this.#failure === undefined && this.#file.sizeBytes() !== this.#sizeBytes)
        this.#file.truncate(this.#sizeBytes);
    } finally {
      this.#file.close();
    }
  }

  /** A failed or short write may have left part of a batch; without the cut a later append would follow garbage. */
  #putBack(reason: unknown): void {
    try {
      this.#file.truncate(this.#sizeBytes);
    } catch {
      this.#failure = reason;
    }
  }

  #check(): void {
    if (this.#closed) throw new SeglogError('LOG_CLOSED', 'the file is closed', { file: this.path });
    if (this.#failure !== undefined) {
      throw new SeglogError('LOG_OFFLINE', 'an earlier write or sync failed, so what is on the disk is unknown', {
        file: this.path,
        cause: this.#failure,
        action: 'Close the log, see to the disk, and open it again',
      });
    }
  }
}
