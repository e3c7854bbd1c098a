/** Data to stdout: in large pieces, no faster than the reader takes them, and quietly over when the reader has gone. */
import { SeglogError } from '../errors/errors.ts';

/** A pipe takes pieces of this size three times as fast as those of a quarter of it. */
const BUFFER_BYTES = 256 * 1024;
/** Pieces of at least this size are written from where they are, without a copy. */
const DIRECT_BYTES = 64 * 1024;
/** When that much is gathered it is written. */
const GATHERED_BYTES = 128 * 1024;
/** No unit of a string's length takes more bytes. */
const MAX_UNIT_BYTES = 3;

/** A place for data. */
export class Output {
  readonly #stream: NodeJS.WritableStream;
  #buffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #length = 0;
  /** A buffer whose bytes are written. */
  #spare: Buffer | undefined;
  /** Settles when all that was handed to the stream is written. */
  #written: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #closed = false;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      // `seglog read ... | head` has what it wanted: that is no failure.
      if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return;
      const errno = error.code === undefined ? {} : { errno: error.code };
      this.#failure ??= new SeglogError('IO', `the output could not be written: ${error.message}`, errno);
    });
  }

  /** Whether nobody reads any more: whoever produces data can stop. @throws what stdout failed with */
  get closed(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#closed;
  }

  /**
   * Takes text, or bytes. A promise is returned when enough has gathered to be written: wait for it before producing more,
   * and before the bytes are overwritten.
   */
  write(data: string | Uint8Array): Promise<void> | undefined {
    const mostBytes = typeof data === 'string' ? data.length * MAX_UNIT_BYTES : data.length;
    const isFull = mostBytes > BUFFER_BYTES - this.#length;
    if (isFull) this.#sendGathered();
    if (typeof data !== 'string') {
      if (data.length >= DIRECT_BYTES) return this.#direct(data);
      this.#buffer.set(data, this.#length);
      this.#length += data.length;
    } else {
      if (mostBytes > BUFFER_BYTES) return this.#direct(Buffer.from(data));
      this.#length += this.#buffer.write(data, this.#length);
    }
    // What was sent must be waited for, or pieces that never gather to enough would pile up.
    return isFull || this.#length >= GATHERED_BYTES ? this.flush() : undefined;
  }

  /** Resolves when all that was taken is on its way, and there is room for more. */
  async flush(): Promise<void> {
    this.#sendGathered();
    await this.#written;
    void this.closed;
  }

  #direct(bytes: Uint8Array): Promise<void> {
    this.#sendGathered();
    this.#send(bytes);
    return this.flush();
  }

  #sendGathered(): void {
    if (this.#length === 0) return;
    const buffer = this.#buffer;
    const length = this.#length;
    this.#buffer = this.#spare ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    this.#spare = undefined;
    this.#length = 0;
    this.#send(buffer.subarray(0, length), () => {
      this.#spare = buffer;
    });
  }

  #send(bytes: Uint8Array, whenWritten?: () => void): void {
    if (this.closed) return;
    this.#written = new Promise<void>((resolve) => {
      this.#stream.write(bytes, () => {
        whenWritten?.();
        resolve();
      });
    });
  }
}
