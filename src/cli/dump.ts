/** `seglog dump`: what is in files, without a log around them. */
import type { Command } from 'commander';
import { defaultEngine } from '../engine/select.ts';
import type { SeglogError } from '../errors/errors.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { Reporter } from '../inspect/batches.ts';
import { type ByteEncoding, jsonString, printable } from '../inspect/byte-encoding.ts';
import { dumpFile } from '../inspect/dump.ts';
import { type KnownFile, knownFile } from '../inspect/file-kinds.ts';
import { BYTES_HELP, BYTES_OPTION, encodingOf, parseEncoding } from './arguments.ts';
import { EXIT, type ExitCode, exitCodeOf, tell, tellError, ToldError } from './exit-codes.ts';
import { Output } from './output.ts';

/** Findings of one file that are told; a file of garbage has millions. */
const TOLD_FINDINGS = 100;

interface DumpArguments {
  readonly json?: boolean;
  readonly bytes?: ByteEncoding;
  readonly batchesOnly?: boolean;
}

/** Tells of a file's findings and notes, as they come. */
class Diagnostics implements Reporter {
  readonly #path: string;
  #findings = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get findings(): number {
    return this.#findings;
  }

  finding(finding: SeglogError): void {
    if (this.#findings++ < TOLD_FINDINGS) tellError(finding);
  }

  note(text: string): void {
    tell(`note: ${this.#path}: ${text}`);
  }

  end(): void {
    if (this.#findings > TOLD_FINDINGS) tell(`${this.#findings - TOLD_FINDINGS} more findings in ${this.#path}`);
  }
}

async function dumpOne(known: KnownFile, options: DumpArguments, several: boolean, output: Output): Promise<ExitCode> {
  const json = options.json === true;
  if (!json) await output.write(`Dumping ${printable(known.path)}\n`);
  else if (several) await output.write(`{"type":"segment","file":${jsonString(known.path)}}\n`);
  const diagnostics = new Diagnostics(known.path);
  try {
    const how = { json, bytes: encodingOf(options), batchesOnly: options.batchesOnly === true };
    for (const piece of dumpFile(defaultEngine(), nodeFileSystem, known, how, diagnostics)) {
      await output.write(piece);
      if (output.closed) break;
    }
  } catch (error) {
    // The other files are still wanted.
    tellError(error);
    return exitCodeOf(error);
  } finally {
    diagnostics.end();
  }
  return diagnostics.findings === 0 ? EXIT.ok : EXIT.findings;
}

async function dump(files: readonly string[], options: DumpArguments): Promise<void> {
  const known = files.map((path) => knownFile(nodeFileSystem, path));
  const output = new Output(process.stdout);
  let worst: ExitCode = EXIT.ok;
  for (const file of known) {
    const exitCode = await dumpOne(file, options, known.length > 1, output);
    if (exitCode > worst) worst = exitCode;
    if (output.closed) return;
  }
  await output.flush();
  if (worst !== EXIT.ok) throw new ToldError(worst);
}

/** Adds `dump` to the program. */
export function registerDump(program: Command): void {
  program
    .command('dump')
    .description(
      'print the batches and records of .log files, the entries of .index, .timeindex, .txnindex and .snapshot files, ' +
        'text checkpoints and partition.metadata',
    )
    .argument('<files...>', 'the files; nothing has to be beside them, and nothing is changed')
    .option('--json', 'one JSON object a line')
    .option(BYTES_OPTION, BYTES_HELP, parseEncoding)
    .option('--batches-only', 'no records')
    .action(dump);
}
