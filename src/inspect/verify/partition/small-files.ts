/** Reads the small files of a partition or log directory, so that one that cannot be read does not keep the others from it. */
import { SeglogError } from '../../../errors/errors.ts';
import type { FileSystem } from '../../../fs/contract.ts';
import type { Finding } from '../../findings/finding.ts';
import { told } from './told.ts';

/** A checkpoint of more partitions than a broker can have, or of more leader epochs than there are. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
/** Files that say a few things only. */
export const MAX_FEW_BYTES: number = 64 * 1024;

/** Small files, and what kept some of them from being read. */
export class SmallFiles {
  readonly fs: FileSystem;
  /** Files that are too large to be what their names say. */
  readonly findings: Finding[] = [];
  #failure: SeglogError | undefined;

  constructor(fs: FileSystem) {
    this.fs = fs;
  }

  /** All bytes; undefined when there is no such file, or it cannot be read, which is noted. Links and devices count as none. */
  read(path: string, maxBytes: number = MAX_TEXT_BYTES): Uint8Array | undefined {
    try {
      const stat = this.fs.stat(path);
      if (stat === undefined || !stat.isFile) return undefined;
      if (stat.sizeBytes <= maxBytes) return this.fs.readSmall(path, maxBytes);
      const expected = `at most ${maxBytes} bytes`;
      this.findings.push(told('FILE_TOO_LARGE', path, { expected, found: stat.sizeBytes }));
    } catch (error) {
      this.note(error);
    }
    return undefined;
  }

  /** Notes a failure to read. @throws whatever is none */
  note(error: unknown): void {
    if (!(error instanceof SeglogError) || !UNREADABLE.has(error.code)) throw error;
    // Gone since it was listed: somebody else's doing, and no news of the file.
    if (error.errno !== 'ENOENT') this.#failure ??= error;
  }

  /** Raises the first failure, once all else was checked. @throws SeglogError `IO` */
  raise(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }
}

const UNREADABLE: ReadonlySet<string> = new Set(['IO', 'NOT_A_REGULAR_FILE', 'FILE_SHRANK', 'CORRUPT_CHECKPOINT']);
