/** `seglog demo`: what seglog does, on a log of its own and on files that Kafka wrote. */
import { parsePositiveCount } from './arguments.ts';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { summarizeLogDirectory } from '../bench/demo/kafka-summary.ts';
import { DEMO_LOG, type DemoResult, runDemo } from '../bench/demo/run.ts';
import { bytesText, countText } from '../bench/text.ts';
import type { Engine } from '../engine/contract.ts';
import { defaultEngine, engineInfo } from '../engine/select.ts';
import { segmentFileName, SUFFIXES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { programCall, shellWord, shortPath } from './demo-commands.ts';
import { startProgress } from './demo-progress.ts';
import { kafkaTable, speedTable } from './demo-tables.ts';
import { Output } from './output.ts';
import { untilStopped } from './signals.ts';

/** The package's own directory, from src/cli and from dist/cli alike. */
const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FIXTURES = join('fixtures', 'kafka-4.3.1', 'clean');
const ENGINE_NAMES = { native: 'native (Rust)', ts: 'TypeScript' } as const;
const LABELS = { append: 'appending', read: 'reading back' } as const;

interface DemoCommandOptions {
  readonly records: number;
  readonly dir?: string;
}

/** In a clone of the project beside it; as an installed package, which is no place for data, in the temporary directory. */
function defaultDirectory(isClone: boolean): string {
  return isClone ? join(PACKAGE_ROOT, '.cache', 'demo') : join(tmpdir(), 'seglog-demo');
}

function kafkaText(engine: Engine, fs: FileSystem, fixtures: string, isClone: boolean): string {
  if (!isClone) return "Kafka's own files\n  The sample files are in the project's repository, not in this package.\n";
  const path = shortPath(fixtures);
  return `Written by Apache Kafka 4.3.1 (${path}), read here\n${kafkaTable(summarizeLogDirectory(engine, fs, fixtures))}`;
}

function resultText(result: DemoResult): string {
  const { append, read, offsetSeeks, timeSeeks, directory, records, segments, sizeBytes } = result;
  const { engine, reason } = engineInfo();
  const speeds = speedTable([
    { ...append, name: 'append, 1,000 records a batch', unit: 'records' },
    { ...read, name: 'read back, every record checked', unit: 'records' },
    { ...offsetSeeks, name: 'seek by offset, checked', unit: 'seeks' },
    { ...timeSeeks, name: 'seek by time, checked', unit: 'seeks' },
  ]);
  const log = `${shortPath(directory)}: ${countText(records)} records, ${countText(segments)} ${segments === 1 ? 'segment' : 'segments'}, ${bytesText(sizeBytes)}, closed clean`;
  return `Speed in this run\n${speeds}\nEngine   ${ENGINE_NAMES[engine]}: ${reason}\nLog      ${log}\n`;
}

function commandsText({ directory, firstTimestamp, records }: DemoResult): string {
  const call = programCall(process.argv[1]);
  const log = shellWord(shortPath(directory));
  const segment = shellWord(join(shortPath(directory), segmentFileName(0, SUFFIXES.log)));
  const middle = Math.floor(records / 2);
  return [
    'Try next',
    `  ${call} read ${log} --from ${middle} --limit 5`,
    `  ${call} dump ${segment} --json | head -3`,
    `  ${call} offsets ${log} --timestamp ${firstTimestamp + middle}`,
    '',
  ].join('\n');
}

async function demo(options: DemoCommandOptions): Promise<void> {
  const output = new Output(process.stdout);
  const engine = defaultEngine();
  const fs = nodeFileSystem;
  const fixtures = join(PACKAGE_ROOT, FIXTURES);
  const isClone = fs.stat(fixtures)?.isDirectory === true;
  const directory = options.dir ?? defaultDirectory(isClone);
  const place = shortPath(join(directory, DEMO_LOG));
  void output.write(`${countText(options.records)} records for ${place}, on the ${ENGINE_NAMES[engine.name]} engine\n`);
  await output.flush();
  const finished = await untilStopped(async (signal) => {
    const follow = (step: keyof typeof LABELS) => startProgress(LABELS[step], options.records);
    const result = await runDemo({ engine, fs, directory, records: options.records, signal, follow });
    void output.write(`\n${kafkaText(engine, fs, fixtures, isClone)}\n${resultText(result)}\n${commandsText(result)}`);
    await output.flush();
  });
  if (!finished) process.stderr.write(`stopped; the log is closed clean: ${place}\n`);
}

/** Adds `seglog demo` to the program. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description("append, read back, check and seek a few million records; look into Kafka's own files")
    .option('--records <n>', 'records to append', parsePositiveCount, 3_000_000)
    .option(
      '--dir <dir>',
      'scratch directory for the log demo-0 (default: .cache/demo in a clone, else a temporary one)',
    )
    .action(demo);
}
