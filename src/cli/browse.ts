/** `seglog browse`: a partition on the terminal, to look around in. */
import { basename, dirname, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { BrowseApp } from '../browse/app.ts';
import type { Target } from '../browse/model/events.ts';
import { PartitionSource } from '../browse/source/partition.ts';
import { Screen } from '../browse/terminal/screen.ts';
import type { Abilities } from '../browse/view/line.ts';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { printable } from '../inspect/byte-encoding.ts';
import { DECODE_KINDS, type DecodeKind } from '../inspect/decode/contract.ts';
import type { Int64 } from '../inspect/int64.ts';
import { liveReason } from '../inspect/live.ts';
import { findTargets } from '../inspect/targets.ts';
import { BrowseTerminal } from './browse-terminal.ts';
import { member, parseExact, parseMoment } from './dump/arguments.ts';
import { usageError } from './exit-codes.ts';

interface BrowseArguments {
  readonly offset?: Int64;
  readonly time?: Int64;
  readonly decode: DecodeKind;
}

async function browse(directory: string, options: BrowseArguments): Promise<void> {
  const start = startOf(options);
  requireTerminal();
  const { topic, name } = partitionOf(directory);
  const abilities = abilitiesOf(process.env);
  const source = new PartitionSource(defaultEngine(), nodeFileSystem, directory);
  const screen = new Screen(process.stdout, abilities);
  const terminal = new BrowseTerminal(screen, systemClock);
  const app = new BrowseApp({
    ...{ source, screen, topic, clock: systemClock, decode: options.decode },
    parsers: { offset: parseExact, time: parseMoment },
    titles: { name, abilities },
    suspend: () => terminal.suspend(),
  });
  try {
    terminal.take(app);
    const note = liveReason(nodeFileSystem, dirname(resolve(directory)));
    const isInterrupted = await Promise.race([app.run(start, note), terminal.ended]);
    if (isInterrupted) process.exitCode ??= 130;
  } finally {
    app.close();
    terminal.giveBack();
    source.close();
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` for both */
function startOf({ offset, time }: BrowseArguments): Target | undefined {
  if (offset !== undefined && time !== undefined) throw usageError('--offset and --time exclude each other');
  if (offset !== undefined) return { to: 'offset', offset };
  return time === undefined ? undefined : { to: 'time', time };
}

/** @throws SeglogError `INVALID_ARGUMENT` where nobody could see or type anything */
function requireTerminal(): void {
  if (process.stdin.isTTY && process.stdout.isTTY && process.env['TERM'] !== 'dumb') return;
  throw usageError('browse needs a terminal for input and output; seglog dump prints the same to files and pipes');
}

/** @throws SeglogError `INVALID_ARGUMENT` for what is no partition directory */
function partitionOf(path: string): { readonly topic: string | undefined; readonly name: string } {
  if (nodeFileSystem.stat(path) === undefined) throw usageError(`${printable(path)} is not there`);
  const [target] = findTargets(nodeFileSystem, [path]);
  if (target?.kind === 'partition') return { topic: target.topic, name: basename(resolve(path)) };
  if (target?.kind !== 'log-directory')
    throw usageError(`${printable(path)} is a file: browse takes the partition's directory`);
  const some = target.partitions.slice(0, 5).join(', ');
  throw usageError(
    `${printable(path)} is a log directory: name one of its partitions${some === '' ? '' : `, such as ${some}`}`,
  );
}

/** By the variables that terminals' users set: of the language, and NO_COLOR. */
function abilitiesOf(env: NodeJS.ProcessEnv): Abilities {
  // The first one that is set counts, as in the C library.
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => value !== undefined && value !== '');
  const noColor = env['NO_COLOR'];
  return { unicode: /utf-?8/i.test(locale ?? ''), colors: noColor === undefined || noColor === '' };
}

/** Adds `browse` to the program. */
export function registerBrowse(program: Command): void {
  program
    .command('browse')
    .description("look around in a partition on the terminal: batches, records, bytes; '?' tells the keys")
    .argument('<partition-dir>', 'the partition directory; nothing is changed, also beside a writer')
    .option('--offset <offset>', 'start at that offset', parseExact)
    .option('--time <time>', 'start at that time: milliseconds since 1970, or 2026-11-21T10:00:00Z', parseMoment)
    .addOption(
      new Option('--decode <kind>', `keys and values in words: ${DECODE_KINDS.join(', ')}`)
        .argParser((text) => member(text, DECODE_KINDS))
        .default('auto'),
    )
    .action(browse);
}
