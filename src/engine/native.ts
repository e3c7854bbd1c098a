/**
 * The engine in Rust: finds and loads the addon, and gives it the contract's shape.
 *
 * The addon checks every number and buffer that it is given, and tells what failed in one line, `CODE[:errno] message`;
 * here it becomes the same error that the TypeScript engine raises.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getSystemErrorMap } from 'node:util';
import type * as Addon from '../../native/binding/index.d.ts';
import { ERROR_CODES, type ErrorCode, SeglogError } from '../errors/errors.ts';
import type { AppendFile, AppendOptions, FileSystem, Lock } from '../fs/contract.ts';
import { type Engine, type OffsetMap, SCAN_OUTCOME } from './contract.ts';
import { find } from './fallback/find.ts';
import { locate } from './fallback/locate.ts';
import { requireRead } from './fallback/range.ts';
import { recoverBy, recoverByAsync } from './fallback/recovery.ts';

type Binding = typeof Addon;

/** What this file was written for; a stale addon is refused. */
const ABI_VERSION = 6;

/** How the native engine is set up. */
export interface NativeOptions {
  /** Append by plain writes on any file system. */
  readonly portable: boolean;
}

/** Where the addon was looked for in vain, and what happened there. */
export interface LoadFailure {
  readonly path: string;
  readonly reason: string;
}

/** The engine, or every reason why there is none. */
export type LoadedNative =
  | {
      readonly engine: Engine;
      /** For benchmarks: the seconds that plain copies into the same kind of mapping take, the limit for appending. */
      readonly probeCopy: (path: string, totalBytes: number, chunkBytes: number, populate: boolean) => number;
    }
  | { readonly causes: readonly LoadFailure[] };

/** Loads the addon from the local build, or else from the platform's package. */
export function loadNative(options: NativeOptions): LoadedNative {
  const require = createRequire(import.meta.url);
  const causes: LoadFailure[] = [];
  for (const path of addonPaths()) {
    const binding = loadBinding(require, path);
    if (!('reason' in binding)) {
      return {
        engine: createEngine(binding, options.portable),
        probeCopy: (file, totalBytes, chunkBytes, populate) =>
          call(() => binding.probeCopy(file, totalBytes, chunkBytes, populate), file),
      };
    }
    causes.push(binding);
  }
  return { causes };
}

/** Where the addon may be, one after the other: what the next place is costs time to find out, and is seldom needed. */
function* addonPaths(): Generator<string, void> {
  const { platform, arch } = process;
  const local = (name: string): string => `../../native/seglog.${name}.node`;
  if (platform === 'linux') {
    // Nearly all Linux is glibc's; an addon for it does not load elsewhere.
    const usual = `${platform}-${arch}-gnu`;
    yield local(usual);
    const name = isGlibc() ? usual : `${platform}-${arch}-musl`;
    if (name !== usual) yield local(name);
    yield `seglog-${name}`;
    return;
  }
  const name = platform === 'win32' ? `${platform}-${arch}-msvc` : `${platform}-${arch}`;
  yield local(name);
  yield `seglog-${name}`;
}

/** The addon at a place, or why it is not. */
function loadBinding(require: NodeJS.Require, path: string): Binding | LoadFailure {
  try {
    const binding = require(path) as Binding;
    const found = typeof binding.abiVersion === 'function' ? binding.abiVersion() : undefined;
    if (found === ABI_VERSION) return binding;
    return { path, reason: `the addon has the interface ${found ?? 'of an unknown version'}, not ${ABI_VERSION}` };
  } catch (error) {
    return { path, reason: firstLine(error) };
  }
}

/** Napi-rs' names tell the C library: `linux-x64-gnu`, `linux-x64-musl`. The report that knows takes 10 ms to make. */
function isGlibc(): boolean {
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (report === undefined) return true;
  // The report resolves the names of network peers, which can take seconds; Node 20 cannot be told not to.
  const before = report.excludeNetwork;
  report.excludeNetwork = true;
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  if (before !== undefined) report.excludeNetwork = before;
  return header?.glibcVersionRuntime !== undefined;
}

/** Node adds the chain of requiring files to the message. */
function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] as string;
}

function createEngine(binding: Binding, portable: boolean): Engine {
  const engine: Engine = {
    name: 'native',
    description: `Rust addon ${binding.version()} (checksums by ${binding.processor()})`,
    crc32c: (bytes, start, end) => call(() => binding.crc32c(bytes, start, end)),
    crc32: (bytes, start, end) => call(() => binding.crc32(bytes, start, end)),
    sealBatch: (batch, length) => call(() => binding.sealBatch(batch, length)),
    compressBound: (codec, length) => call(() => binding.compressBound(codec, length)),
    compress: (codec, level, source, start, end, target, targetStart) =>
      call(() => binding.compress(codec, level, source, start, end, target, targetStart)),
    decompress: (codec, magic, source, start, end, target) =>
      call(() => binding.decompress(codec, magic, source, start, end, target)),
    scanBatches: (bytes, start, end, verify, rows, outcome) =>
      call(() => binding.scanBatches(bytes, start, end, verify, rows, outcome)),
    readBatches(file, position, bytes, length, verify, rows, outcome) {
      const descriptor = file.fd;
      if (descriptor !== undefined) {
        call(() => binding.readBatches(descriptor, position, bytes, length, verify, rows, outcome), file.path);
        return;
      }
      requireRead(bytes, length, position);
      const filled = file.read(bytes, 0, length, position);
      call(() => binding.scanBatches(bytes, 0, filled, verify, rows, outcome));
      outcome[SCAN_OUTCOME.filled] = filled;
    },
    async readBatchesAsync(file, position, bytes, length, verify, rows, outcome) {
      const descriptor = file.fd;
      if (descriptor !== undefined) {
        await settle(
          () => binding.readBatchesAsync(descriptor, position, bytes, length, verify, rows, outcome),
          file.path,
        );
        return;
      }
      requireRead(bytes, length, position);
      const filled = await file.readAsync(bytes, 0, length, position);
      call(() => binding.scanBatches(bytes, 0, filled, verify, rows, outcome));
      outcome[SCAN_OUTCOME.filled] = filled;
    },
    locate(file, position, end, targetOffset, scratch, outcome) {
      const descriptor = file.fd;
      // Each step depends on what the one before has read, so there is nothing to hand over at once.
      if (descriptor === undefined) return locate(file, position, end, targetOffset, scratch, outcome);
      call(() => binding.locate(descriptor, position, end, targetOffset, scratch, outcome), file.path);
    },
    find(file, entries, count, baseOffset, end, targetOffset, scratch, outcome) {
      const descriptor = file.fd;
      if (descriptor === undefined) return find(file, entries, count, baseOffset, end, targetOffset, scratch, outcome);
      call(() => binding.find(descriptor, entries, count, baseOffset, end, targetOffset, scratch, outcome), file.path);
    },
    decodeRecords: (bytes, start, end, count, rows, outcome) =>
      call(() => binding.decodeRecords(bytes, start, end, count, rows, outcome)),
    checkRecords: (bytes, start, end, count, outcome) =>
      call(() => binding.checkRecords(bytes, start, end, count, outcome)),
    recordLines: (bytes, end, target, state) => call(() => binding.recordLines(bytes, end, target, state)),
    searchIndex: (entries, count, entrySize, target) =>
      call(() => binding.searchIndex(entries, count, entrySize, target)),
    buildIndex: (bytes, rows, count, state, offsetEntries, timeEntries) =>
      call(() => binding.buildIndex(bytes, rows, count, state, offsetEntries, timeEntries)),
    recover(file, end, scratch, state, rows, offsetEntries, timeEntries) {
      const descriptor = file.fd;
      if (descriptor === undefined) {
        return recoverBy(engine, file, end, scratch, state, rows, offsetEntries, timeEntries);
      }
      call(() => binding.recover(descriptor, end, scratch, state, rows, offsetEntries, timeEntries), file.path);
    },
    async recoverAsync(file, end, scratch, state, rows, offsetEntries, timeEntries) {
      const descriptor = file.fd;
      if (descriptor === undefined) {
        return recoverByAsync(engine, file, end, scratch, state, rows, offsetEntries, timeEntries);
      }
      await settle(
        () => binding.recoverAsync(descriptor, end, scratch, state, rows, offsetEntries, timeEntries),
        file.path,
      );
    },
    createOffsetMap: (memoryBytes, loadFactor) => new NativeMap(binding, memoryBytes, loadFactor),
    buildOffsetMap: (map, bytes, rows, rules, count, state) => {
      const { passes } = asNativeMap(map);
      call(() => passes.build(bytes, rows, rules, count, state));
    },
    cleanBatches: (map, bytes, rows, rules, count, target, targetRows, state) => {
      const { passes } = asNativeMap(map);
      call(() => passes.clean(bytes, rows, rules, count, target, targetRows, state));
    },
    openAppend: (fs: FileSystem, path: string, options: AppendOptions): AppendFile =>
      fs.kind === 'node' ? new NativeFile(binding, path, options, portable) : fs.openAppend(path, options),
    async lockDirectory(fs: FileSystem, path: string): Promise<Lock> {
      // First the portable one: it can tell who else holds both.
      const portableLock = await fs.lockDirectory(path);
      if (fs.kind !== 'node') return portableLock;
      try {
        return new NativeLock(binding, path, portableLock);
      } catch (error) {
        await portableLock.release();
        throw error;
      }
    },
  };
  return engine;
}

/** An append file of the addon. The size is kept here, where it is asked for more often than it changes. */
class NativeFile implements AppendFile {
  readonly path: string;
  readonly #file: Addon.NativeAppendFile;
  #sizeBytes: number;

  constructor(binding: Binding, path: string, options: AppendOptions, portable: boolean) {
    const { sizeBytes, maxSizeBytes, preallocate } = options;
    this.path = path;
    this.#file = call(() => new binding.NativeAppendFile(path, sizeBytes, maxSizeBytes, preallocate, portable), path);
    this.#sizeBytes = sizeBytes;
  }

  get kind(): 'mapped' | 'written' {
    return this.#file.isMapped ? 'mapped' : 'written';
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  append(bytes: Uint8Array, length: number): void {
    try {
      this.#sizeBytes = this.#file.append(bytes, length);
    } catch (error) {
      throw seglogError(error, this.path);
    }
  }

  truncate(sizeBytes: number): void {
    call(() => this.#file.truncate(sizeBytes), this.path);
    this.#sizeBytes = sizeBytes;
  }

  trim(): void {
    call(() => this.#file.trim(), this.path);
  }

  sync(): Promise<void> {
    return settle(() => this.#file.sync(), this.path);
  }

  syncSync(): void {
    call(() => this.#file.syncSync(), this.path);
  }

  close(): void {
    call(() => this.#file.close(), this.path);
  }
}

/** An offset map of the addon, whose memory is not JavaScript's. */
class NativeMap implements OffsetMap {
  readonly capacity: number;
  /** The map itself, which has the passes over batches as its methods. */
  readonly passes: Addon.NativeOffsetMap;

  constructor(binding: Binding, memoryBytes: number, loadFactor: number) {
    this.passes = call(() => new binding.NativeOffsetMap(memoryBytes, loadFactor));
    this.capacity = this.passes.capacity;
  }

  get size(): number {
    return this.passes.size;
  }

  clear(): void {
    call(() => this.passes.clear());
  }

  release(): void {
    call(() => this.passes.release());
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` for a map of another engine */
function asNativeMap(map: OffsetMap): NativeMap {
  if (map instanceof NativeMap) return map;
  throw new SeglogError('INVALID_ARGUMENT', 'this offset map was made by another engine');
}

/** Locks that are held; a finalizer would free one that nobody refers to. */
const heldLocks = new Set<NativeLock>();

/** Kafka's lock on top of the portable one. */
class NativeLock implements Lock {
  readonly path: string;
  readonly #kafkas: Addon.NativeFileLock;
  readonly #portable: Lock;

  constructor(binding: Binding, path: string, portable: Lock) {
    this.path = path;
    this.#portable = portable;
    const lockFile = join(path, '.lock');
    try {
      this.#kafkas = new binding.NativeFileLock(lockFile);
    } catch (error) {
      const failure = seglogError(error, lockFile);
      throw failure.code === 'LOG_LOCKED' ? seglogError(error, path) : failure;
    }
    heldLocks.add(this);
  }

  async release(): Promise<void> {
    heldLocks.delete(this);
    call(() => this.#kafkas.release(), this.path);
    await this.#portable.release();
  }
}

function call<T>(run: () => T, file?: string): T {
  try {
    return run();
  } catch (error) {
    throw seglogError(error, file);
  }
}

/** Asynchronous calls resolve to what failed. */
async function settle(run: () => Promise<string | null>, file: string): Promise<void> {
  const failure = await call(run, file);
  if (failure !== null) throw parseFailure(failure, file) ?? new SeglogError('INTERNAL', failure, { file });
}

const FAILURE = /^([A-Z_]+)(?::(\d+))? (.*)$/s;
/** What the user can do, by errno or code. */
const ACTIONS: Readonly<Record<string, string>> = {
  LOG_LOCKED: 'Stop the other writer (seglog or a Kafka broker), or use another directory',
  LOG_OFFLINE: 'Close the log, see to the disk, and open it again',
  ENOSPC: 'Free some space and try again; nothing was written',
  EDQUOT: 'Free some space and try again; nothing was written',
};

/** The error of a failed call: the addon's own, or napi's about an argument of the wrong type. */
function seglogError(error: unknown, file: string | undefined): SeglogError {
  const message = error instanceof Error ? error.message : String(error);
  const parsed = parseFailure(message, file);
  if (parsed !== undefined) return parsed;
  const details = { cause: error, ...(file === undefined ? {} : { file }) };
  return new SeglogError('INVALID_ARGUMENT', `the native engine refused an argument: ${message}`, details);
}

function parseFailure(text: string, file: string | undefined): SeglogError | undefined {
  const [, code, number, message] = FAILURE.exec(text) ?? [];
  if (message === undefined || !isErrorCode(code)) return undefined;
  const errno = number === undefined ? undefined : errnoName(Number(number));
  const action = ACTIONS[errno ?? code];
  return new SeglogError(code, message, {
    ...(file === undefined ? {} : { file }),
    ...(errno === undefined ? {} : { errno }),
    ...(action === undefined ? {} : { action }),
  });
}

function isErrorCode(code: string | undefined): code is ErrorCode {
  return (ERROR_CODES as readonly (string | undefined)[]).includes(code);
}

/** Windows' own numbers that say what the names of others do. */
const WINDOWS_ERRNO: Readonly<Record<number, string>> = {
  2: 'ENOENT',
  3: 'ENOENT',
  4: 'EMFILE',
  5: 'EACCES',
  32: 'EBUSY',
  33: 'EBUSY',
  39: 'ENOSPC',
  112: 'ENOSPC',
};

function errnoName(number: number): string | undefined {
  return process.platform === 'win32' ? WINDOWS_ERRNO[number] : getSystemErrorMap().get(-number)?.[0];
}
