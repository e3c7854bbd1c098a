/** A file of an overlay: reads go through to the file system below, what is written stays in the overlay. */
import { SeglogError } from '../errors/errors.ts';
import type { File } from './contract.ts';
import type { OverlayContent } from './overlay-content.ts';
import { closed } from './refused.ts';

/** What the open files of one path share. */
export class OverlayNode {
  readonly content: OverlayContent;
  modifiedMs: number;
  readonly #openBase: (path: string) => File;
  readonly #sources = new Map<string, File>();
  #handles = 0;

  /** @param openBase opens a file of the file system below for reading */
  constructor(content: OverlayContent, modifiedMs: number, openBase: (path: string) => File) {
    this.content = content;
    this.modifiedMs = modifiedMs;
    this.#openBase = openBase;
  }

  get isOpen(): boolean {
    return this.#handles > 0;
  }

  /** A file below, opened once for all. */
  readonly source = (path: string): File => {
    let file = this.#sources.get(path);
    if (file === undefined) this.#sources.set(path, (file = this.#openBase(path)));
    return file;
  };

  /** The file below of which this one has every byte and no other; undefined when it was changed. */
  get whole(): File | undefined {
    const sole = this.content.soleSource;
    if (sole?.from !== 0) return undefined;
    const file = this.source(sole.path);
    return file.sizeBytes() === sole.length ? file : undefined;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    return this.content.read(this.source, into, start, length, position);
  }

  acquire(): void {
    this.#handles++;
  }

  /** @returns whether that was the last handle */
  release(): boolean {
    this.#handles--;
    if (this.#handles > 0) return false;
    for (const file of this.#sources.values()) file.close();
    this.#sources.clear();
    return true;
  }
}

/** What a file tells its file system. */
export interface OverlayFileDuties {
  /** Before a change: room for so many more bytes is needed. */
  readonly reserve: (bytes: number) => void;
  /** The last handle of the path was closed. */
  readonly closed: () => void;
  /** Whether what is written is forgotten, and reads back as zeros. */
  readonly isSink: boolean;
}

/** An open file of an overlay. */
export class OverlayFile implements File {
  readonly path: string;
  readonly #node: OverlayNode;
  readonly #isWritable: boolean;
  readonly #duties: OverlayFileDuties;
  #isOpen = true;

  constructor(path: string, node: OverlayNode, isWritable: boolean, duties: OverlayFileDuties) {
    this.path = path;
    this.#node = node;
    this.#isWritable = isWritable;
    this.#duties = duties;
    node.acquire();
  }

  /** As long as nothing was changed it is that of the file below, so that the engine reads at its full speed. */
  get fd(): number | undefined {
    return this.#checked().whole?.fd;
  }

  sizeBytes(): number {
    return this.#checked().content.sizeBytes;
  }

  read(into: Uint8Array, start: number, length: number, position: number): number {
    return this.#checked().read(into, start, length, position);
  }

  async readAsync(into: Uint8Array, start: number, length: number, position: number): Promise<number> {
    const node = this.#checked();
    return node.whole?.readAsync(into, start, length, position) ?? node.read(into, start, length, position);
  }

  write(from: Uint8Array, start: number, end: number, position: number): void {
    const { content } = this.#forChange();
    if (this.#duties.isSink) return content.writeZeros(end - start, position);
    this.#duties.reserve(end - start);
    content.write(from.subarray(start, end), position);
  }

  truncate(sizeBytes: number): void {
    this.#forChange().content.truncate(sizeBytes);
  }

  async sync(): Promise<void> {
    this.#checked();
  }

  syncSync(): void {
    this.#checked();
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#node.release()) this.#duties.closed();
  }

  #checked(): OverlayNode {
    if (!this.#isOpen) throw closed(this.path);
    return this.#node;
  }

  #forChange(): OverlayNode {
    const node = this.#checked();
    if (this.#isWritable) return node;
    throw new SeglogError('IO', 'the file is open for reading alone', { file: this.path, errno: 'EBADF' });
  }
}
