/** An engine and a file system that count what is written through them: what a work costs besides time. */
import type { Engine } from '../engine/contract.ts';
import type { File, FileSystem } from '../fs/contract.ts';

/** Hand `engine` and `fs` to a log, and read the counts. They cost a call more for each write, none for each record. */
export class CountedFiles {
  readonly engine: Engine;
  readonly fs: FileSystem;
  /** Bytes handed to the operating system: batches, indexes, checkpoints, marks. */
  bytesWritten = 0;
  /** Syncs of append files. */
  syncs = 0;

  constructor(engine: Engine, fs: FileSystem) {
    this.fs = {
      ...fs,
      open: (path, mode) => this.#counted(fs.open(path, mode)),
      replaceSmall: (path, bytes) => {
        this.bytesWritten += bytes.length;
        fs.replaceSmall(path, bytes);
      },
    };
    this.engine = {
      ...engine,
      openAppend: (_, path, options) => {
        const file = engine.openAppend(fs, path, options);
        const append = file.append.bind(file);
        const sync = file.sync.bind(file);
        file.append = (bytes, length) => {
          append(bytes, length);
          this.bytesWritten += length;
        };
        file.sync = () => {
          this.syncs++;
          return sync();
        };
        return file;
      },
    };
  }

  #counted(file: File): File {
    const write = file.write.bind(file);
    file.write = (from, start, end, position) => {
      write(from, start, end, position);
      this.bytesWritten += end - start;
    };
    return file;
  }
}
