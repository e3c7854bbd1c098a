/** Where recovery puts what it takes out of a log: nothing is destroyed, and every path is told. */
import { basename, join } from 'node:path';
import { SeglogError } from '../../errors/errors.ts';
import { QUARANTINE } from '../../format/names.ts';
import type { FileSystem } from '../../fs/contract.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { isZero } from '../../segment/recover.ts';
import { segmentFiles } from '../deleted-files.ts';

const COPY_BYTES = 1024 * 1024;

/** The quarantine of one partition directory. */
export class Quarantine {
  readonly directory: string;
  readonly #context: SegmentContext;
  readonly #partitionDirectory: string;

  constructor(context: SegmentContext, partitionDirectory: string) {
    this.#context = context;
    this.#partitionDirectory = partitionDirectory;
    this.directory = join(partitionDirectory, QUARANTINE);
  }

  /**
   * Copies `file[from, to)`, without the zeros at its end, and makes the copy durable. Called before the file is cut.
   *
   * @returns the copy's path
   * @throws SeglogError `IO`; there is no copy then
   */
  copyTail(file: string, from: number, to: number): string {
    const { fs } = this.#context;
    this.#make();
    const path = freeName(fs, join(this.directory, `${basename(file)}.from-${from}`));
    const source = fs.open(file, 'read');
    try {
      const target = fs.open(path, 'new');
      try {
        const buffer = Buffer.allocUnsafe(Math.min(COPY_BYTES, to - from));
        for (let at = from; at < to && !isZero(source, at, to); ) {
          const got = source.read(buffer, 0, Math.min(buffer.length, to - at), at);
          target.write(buffer, 0, got, at - from);
          at += got;
        }
        target.syncSync();
      } catch (error) {
        fs.remove(path);
        throw error;
      } finally {
        target.close();
      }
    } finally {
      source.close();
    }
    fs.syncDirectory(this.directory);
    return path;
  }

  /** Moves the files of a whole segment. Returns where its log is. */
  moveSegment(baseOffset: number): string {
    const { fs } = this.#context;
    this.#make();
    let moved = this.directory;
    for (const name of segmentFiles(this.#context, this.#partitionDirectory, baseOffset)) {
      const path = freeName(fs, join(this.directory, name));
      fs.rename(join(this.#partitionDirectory, name), path);
      if (name.endsWith('.log')) moved = path;
    }
    fs.syncDirectory(this.directory);
    fs.syncDirectory(this.#partitionDirectory);
    return moved;
  }

  /**
   * Whoever can write in the partition's directory can still put a link there behind this look; but then he could as well have
   * taken the log itself: this guards against what an archive or a careless hand has left.
   *
   * @throws SeglogError `NOT_A_REGULAR_FILE` for a link or a file of that name: what is saved would leave the partition
   */
  #make(): void {
    const { fs } = this.#context;
    const stat = fs.stat(this.directory);
    if (stat !== undefined && !stat.isDirectory) {
      throw new SeglogError('NOT_A_REGULAR_FILE', 'the quarantine of the partition is no directory of its own', {
        file: this.directory,
        expected: 'a directory',
        found: stat.isFile ? 'a file' : 'a link or a special file',
        action: 'Move it out of the partition',
      });
    }
    if (fs.makeDirectory(this.directory)) fs.syncDirectory(this.#partitionDirectory);
  }
}

function freeName(fs: FileSystem, path: string): string {
  for (let number = 0; ; number++) {
    const candidate = number === 0 ? path : `${path}.${number}`;
    if (fs.stat(candidate) === undefined) return candidate;
  }
}
