/** `seglog dump`: what is in files, without a log around them. */
import { type Command, Option } from 'commander';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { printable } from '../inspect/byte-encoding.ts';
import { DECODE_KINDS, type RecordDecoder } from '../inspect/decode/contract.ts';
import type { DumpOptions } from '../inspect/dump/batch-file.ts';
import { Search } from '../inspect/dump/search.ts';
import { findTargets, type Target } from '../inspect/targets.ts';
import { BYTES_OPTION, parseCount, parseLimit, parsePositiveCount } from './arguments.ts';
import {
  collect,
  type DumpArguments,
  formOf,
  member,
  parseColumns,
  parseExact,
  parseMoment,
  parseOnCorrupt,
  parsePrintEncoding,
  parseRedact,
  printEncodingOf,
  rowsFor,
  searchOf,
} from './dump/arguments.ts';
import { Run } from './dump/run.ts';
import { EXIT, ToldError, usageError } from './exit-codes.ts';
import { Output } from './output.ts';

const BYTES_HELP =
  'how keys, values and headers are written: auto, utf8, base64 or hex (default: base64 in JSON, else utf8)';

async function dump(paths: readonly string[], asked: DumpArguments): Promise<void> {
  const form = formOf(asked);
  const { targets, failures } = targetsOf(paths);
  const several = paths.length > 1 || targets.some(({ kind }) => kind !== 'file');
  const rows = await rowsFor(asked, several);
  if (rows !== undefined) requireBatches(targets);
  // Rows are of batches and records alone, as what a search shows.
  const search = (await searchOf(asked)) ?? (rows === undefined ? undefined : new Search({}));
  const json = form === 'json';
  const options: DumpOptions = {
    json,
    bytes: printEncodingOf(asked),
    batchesOnly: asked.batchesOnly === true,
    redact: asked.redact,
    search,
    rows: rows?.printer,
    ...(json && rows === undefined ? await forJson(asked) : {}),
  };
  const output = new Output(process.stdout);
  if (rows?.head !== undefined) await output.write(rows.head);
  const run = new Run(await filesFor(asked), asked, options, output, several, await decoders(asked));
  for (const failure of failures) run.failed(failure);
  await run.all(targets);
  if (run.worst !== EXIT.ok) throw new ToldError(run.worst);
}

/** What the paths are, and what prevents some from being looked at: the others are still wanted. */
function targetsOf(paths: readonly string[]): { targets: readonly Target[]; failures: readonly SeglogError[] } {
  const targets: Target[] = [];
  const failures: SeglogError[] = [];
  for (const path of paths) {
    try {
      targets.push(...findTargets(nodeFileSystem, [path]));
    } catch (error) {
      if (!(error instanceof SeglogError) || error.code !== 'IO') throw error;
      failures.push(error);
    }
  }
  return { targets, failures };
}

/** The file system, at the speed that is asked for. */
async function filesFor({ throttle }: DumpArguments): Promise<FileSystem> {
  if (throttle === undefined) return nodeFileSystem;
  const { throttled } = await import('./dump/throttle.ts');
  const { systemClock } = await import('../clock/clock.ts');
  return throttled(nodeFileSystem, throttle, systemClock);
}

/** The decoder of a topic's records; it is loaded when it is asked for. */
async function decoders({ decode }: DumpArguments): Promise<(topic: string | undefined) => RecordDecoder | undefined> {
  if (decode === undefined) return () => undefined;
  const { recordDecoder } = await import('../inspect/decode/decoders.ts');
  return (topic) => recordDecoder(decode, topic);
}

/** What only JSON needs. */
async function forJson(asked: DumpArguments): Promise<Pick<DumpOptions, 'wholeBatches'>> {
  const { RecordLines } = await import('../inspect/record-lines.ts');
  const redact = new Set(asked.redact ?? []);
  return { wholeBatches: new RecordLines(defaultEngine(), { bytes: printEncodingOf(asked), redact }) };
}

/** Rows are of batches or records: a file that has neither is a mistake when it is named itself. */
function requireBatches(targets: readonly Target[]): void {
  for (const target of targets) {
    if (target.kind === 'file' && target.known.kind !== 'log')
      throw usageError(`--columns and --csv are for files of batches, which ${printable(target.path)} is not`);
  }
}

const FILTERS = 'Filters:';
const RANGE = 'Range:';
const FORM = 'Form:';

/** Adds `dump` to the program. */
export function registerDump(program: Command): void {
  const command = program
    .command('dump')
    .description(
      'print what is in files: batches and records of .log and .checkpoint files, entries of indexes and snapshots, ' +
        'text checkpoints, partition.metadata, meta.properties and quorum-state',
    )
    .argument('<paths...>', 'files, partition directories or log directories; nothing is changed');
  for (const [group, flags, help, parse] of OPTIONS) {
    const option = new Option(flags, help).helpGroup(group);
    if (parse !== undefined) option.argParser(parse as (text: string, previous: unknown) => unknown);
    command.addOption(option);
  }
  command
    .addOption(
      new Option('--throttle <bytes>', 'read no more than so many bytes a second').argParser(parsePositiveCount),
    )
    .addOption(
      new Option('--on-corrupt <what>', 'go on behind what is damaged, or end the file there: skip or stop')
        .argParser(parseOnCorrupt)
        .default('skip'),
    )
    .action(dump);
}

/** One option: its group in the help, its flags, its help, and how its text is taken. */
type OptionRow = readonly [string, string, string, ((text: string, previous: never) => unknown)?];

const OPTIONS: readonly OptionRow[] = [
  [RANGE, '--from-offset <offset>', 'records from that offset on', parseExact],
  [RANGE, '--to-offset <offset>', 'records up to and including that offset', parseExact],
  [
    RANGE,
    '--from-time <time>',
    'records from that time on: milliseconds since 1970, or 2026-11-21T10:00:00Z',
    parseMoment,
  ],
  [RANGE, '--to-time <time>', 'records up to and including that time', parseMoment],
  [RANGE, '--limit <count>', 'at most so many records (batches with --batches-only)', parseLimit],
  [RANGE, '--max-bytes <bytes>', 'look at batches of so many bytes at most', parseCount],
  [FILTERS, '--key <text>', 'records with exactly that key, written as --bytes says'],
  [FILTERS, '--grep <regex>', 'records with a match in key or value, as UTF-8 or else as Latin-1'],
  [FILTERS, '-i, --ignore-case', 'for --grep'],
  [FILTERS, '--where <condition>', "such as 'valueSize>1000 and isControl=false'; may repeat", collect],
  [FILTERS, '--producer-id <id>', 'batches of that producer', parseExact],
  [FORM, '--batches-only', 'no records'],
  [FORM, '--json', 'one JSON object a line'],
  [FORM, '--csv', 'rows with a head'],
  [FORM, '--columns <names>', 'rows of these fields, in text, CSV or JSON', parseColumns],
  [FORM, BYTES_OPTION, BYTES_HELP, parsePrintEncoding],
  [FORM, '--redact <parts>', 'print the sizes alone of keys, values, headers (comma between)', parseRedact],
  [
    FORM,
    '--decode <kind>',
    `keys and values in words: ${DECODE_KINDS.join(', ')}`,
    (text) => member(text, DECODE_KINDS),
  ],
];
