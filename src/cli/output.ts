/** Data to stdout: in large pieces, no faster than the reader takes them, and quietly over when the reader has gone. */

const PIECE_LENGTH = 64 * 1024;

/** A place for data. */
export class Output {
  readonly #stream: NodeJS.WritableStream;
  #pending: string[] = [];
  #length = 0;
  #failure: Error | undefined;
  #closed = false;

  constructor(stream: NodeJS.WritableStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#closed = true;
      // `seglog read ... | head` has what it wanted: that is no failure.
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') this.#failure = error;
    });
  }

  /** Whether nobody reads any more: whoever produces data can stop. @throws what stdout failed with */
  get closed(): boolean {
    if (this.#failure !== undefined) throw this.#failure;
    return this.#closed;
  }

  /** Takes text. A promise is returned when enough has gathered to be written: wait for it before producing more. */
  write(text: string): Promise<void> | undefined {
    this.#pending.push(text);
    this.#length += text.length;
    return this.#length >= PIECE_LENGTH ? this.flush() : undefined;
  }

  /** Resolves when all that was taken is on its way, and there is room for more. */
  async flush(): Promise<void> {
    const text = this.#pending.join('');
    this.#pending = [];
    this.#length = 0;
    if (text === '' || this.closed) return;
    await new Promise<void>((resolve) => {
      this.#stream.write(text, () => resolve());
    });
    void this.closed;
  }
}
