/** One run of `seglog dump`: file after file, with what people should know beside the data. */
import { dirname, resolve } from 'node:path';
import { defaultEngine } from '../../engine/select.ts';
import type { FileSystem } from '../../fs/contract.ts';
import { jsonString, printable } from '../../inspect/byte-encoding.ts';
import type { RecordDecoder } from '../../inspect/decode/contract.ts';
import { type DumpOptions, dumpBatchFile } from '../../inspect/dump/batch-file.ts';
import type { Search } from '../../inspect/dump/search.ts';
import { liveReason } from '../../inspect/live.ts';
import type { Target } from '../../inspect/targets.ts';
import { EXIT, type ExitCode, exitCodeOf, tell, tellError } from '../exit-codes.ts';
import type { Output } from '../output.ts';
import type { DumpArguments } from './arguments.ts';
import { Diagnostics } from './diagnostics.ts';
import { type Job, jobsOf } from './jobs.ts';

/** How many bytes are searched before what was found is shown. */
const PATIENCE_BYTES = 8 * 1024 * 1024;

/** One run of the command. */
export class Run {
  readonly #fs: FileSystem;
  readonly #asked: DumpArguments;
  readonly #options: DumpOptions;
  readonly #output: Output;
  readonly #severalFiles: boolean;
  /** Whether each file is told by a line of its own. */
  readonly #hasHeadings: boolean;
  readonly #decoderOf: (topic: string | undefined) => RecordDecoder | undefined;
  /** Log directories that were looked at for somebody who has them open. */
  readonly #looked: Set<string> = new Set();
  readonly #logs: Set<string> = new Set();
  #hasGrown = false;
  #emptyIndexes = 0;
  /** Whether any file's dump ended at a finding. */
  #hasStopped = false;
  /** From how many searched bytes on output is flushed. */
  #flushAt = 0;
  /** The worst that any file came to. */
  worst: ExitCode = EXIT.ok;

  constructor(
    fs: FileSystem,
    asked: DumpArguments,
    options: DumpOptions,
    output: Output,
    severalFiles: boolean,
    decoderOf: (topic: string | undefined) => RecordDecoder | undefined,
  ) {
    this.#fs = fs;
    this.#asked = asked;
    this.#options = options;
    this.#output = output;
    this.#severalFiles = severalFiles;
    this.#hasHeadings = options.rows === undefined && (!options.json || severalFiles);
    this.#decoderOf = decoderOf;
  }

  /** Dumps all that the targets stand for. */
  async all(targets: readonly Target[]): Promise<void> {
    const { search } = this.#options;
    const report = { note: (text: string) => tell(`note: ${text}`), failed: (error: unknown) => this.failed(error) };
    for (const job of jobsOf(this.#fs, targets, search, report)) {
      if (search?.over !== undefined) {
        // Nothing more is read; what is not looked at is counted.
        search.coverage.leftFiles += 1;
        continue;
      }
      this.#tellIfLive(job.directory);
      await this.#one(job);
      if (this.#output.closed) return;
    }
    await this.#output.flush();
    if (this.#emptyIndexes > 0) tell(`note: ${this.#emptyIndexes} of the indexes are empty`);
    if (search !== undefined) tell(this.#coverage(search));
  }

  async #one(job: Job): Promise<void> {
    const { known } = job;
    const countEmpty = this.#severalFiles ? () => void (this.#emptyIndexes += 1) : undefined;
    const diagnostics = new Diagnostics(known.path, this.#asked.onCorrupt === 'stop', countEmpty);
    const options: DumpOptions = { ...this.#options, decoder: this.#decoderOf(job.topic) };
    const sizeBefore = this.#sizeOf(known.path);
    // A search names the files in which it found something; everything else names all.
    let isHeadingDue = this.#hasHeadings;
    try {
      if (isHeadingDue && options.search === undefined) {
        isHeadingDue = false;
        await this.#heading(job);
      }
      const dumpFile = known.kind === 'log' ? dumpBatchFile : (await import('../../inspect/dump.ts')).dumpFile;
      for (const piece of dumpFile(defaultEngine(), this.#fs, known, options, diagnostics)) {
        if (piece.length === 0) continue;
        if (isHeadingDue) await this.#heading(job);
        isHeadingDue = false;
        await this.#output.write(piece);
        await this.#flushIfDue();
        if (this.#output.closed) break;
      }
      this.#logs.add(job.directory);
    } catch (error) {
      // Without a place for data there is nothing more to do: that raises the output's own failure.
      void this.#output.closed;
      // The other files are still wanted.
      this.failed(error);
    } finally {
      diagnostics.end();
    }
    if (diagnostics.isOver) this.#hasStopped = true;
    if (diagnostics.findings > 0) this.#worsen(EXIT.findings);
    this.#tellIfGrown(job, sizeBefore);
  }

  async #heading({ known }: Job): Promise<void> {
    await this.#output.write(
      this.#options.json
        ? `{"type":"segment","file":${jsonString(known.path)}}\n`
        : `Dumping ${printable(known.path)}\n`,
    );
  }

  /** The first lines are shown at once, and what a search finds soon: a reader should not wait for a buffer to fill. */
  async #flushIfDue(): Promise<void> {
    const scanned = this.#options.search?.coverage.bytes ?? 0;
    if (scanned < this.#flushAt) return;
    this.#flushAt = this.#options.search === undefined ? Number.POSITIVE_INFINITY : scanned + PATIENCE_BYTES;
    await this.#output.flush();
  }

  /** Tells what a file, or a path, could not be dumped for. */
  failed(error: unknown): void {
    tellError(error);
    const { search } = this.#options;
    if (search !== undefined) search.coverage.failed += 1;
    this.#worsen(exitCodeOf(error));
  }

  #worsen(exitCode: ExitCode): void {
    if (exitCode > this.worst) this.worst = exitCode;
  }

  #tellIfLive(directory: string): void {
    const logDirectory = dirname(resolve(directory));
    if (this.#looked.has(logDirectory)) return;
    this.#looked.add(logDirectory);
    const reason = liveReason(this.#fs, logDirectory);
    if (reason !== undefined) tell(`note: ${reason}`);
  }

  #tellIfGrown({ known }: Job, sizeBefore: number): void {
    if (this.#hasGrown || known.kind !== 'log') return;
    const size = this.#sizeOf(known.path);
    if (size <= sizeBefore) return;
    this.#hasGrown = true;
    tell(`note: ${known.path} grew by ${size - sizeBefore} bytes while it was dumped: somebody writes to it`);
  }

  #coverage({ coverage, over }: Search): string {
    const reason = over ?? (this.#hasStopped ? '--on-corrupt stop' : undefined);
    return coverage.text(this.#logs.size, this.#options.batchesOnly ? 'batches' : 'records', reason);
  }

  /** 0 for a file that cannot be looked at: whoever opens it tells why. */
  #sizeOf(path: string): number {
    try {
      return this.#fs.stat(path)?.sizeBytes ?? 0;
    } catch {
      return 0;
    }
  }
}
