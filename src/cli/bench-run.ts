/** Runs a bench and tells of it: lines as they come, a table at the end, a page. */
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import type { BenchLine, CacheState } from '../bench/line.ts';
import { benchPage } from '../bench/page/bench-page.ts';
import { lineText } from '../bench/report.ts';
import { countedRounds, roundsOf } from '../bench/rounds.ts';
import { newScratch } from '../bench/scratch.ts';
import type { BenchPlace } from '../bench/work/context.ts';
import type { Engine } from '../engine/contract.ts';
import { defaultEngine } from '../engine/select.ts';
import { SeglogError } from '../errors/errors.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { dropFromPageCache } from '../fs/page-cache.ts';
import { machineFacts, thisCommand } from './bench-machine.ts';
import { type PlaceOptions, planOf } from './bench-options.ts';
import { benchTable } from './bench-table.ts';
import { usageError } from './exit-codes.ts';
import { Output } from './output.ts';
import { untilStopped } from './signals.ts';

/** How a work is run. */
export interface BenchRun {
  readonly cache?: CacheState;
  /** Some works are measured in turn with another. */
  readonly linesPerRound?: 1 | 2;
}

/** The engine that was asked for: `--engine` counts before the environment, which threads look at as well. */
function engineOf(wanted: PlaceOptions['engine']): Engine {
  if (wanted !== undefined) process.env['SEGLOG_ENGINE'] = wanted;
  const engine = defaultEngine();
  if (wanted === undefined || engine.name === wanted) return engine;
  throw new SeglogError('ENGINE_UNAVAILABLE', 'this process has another engine already', {
    expected: wanted,
    found: engine.name,
  });
}

/** Prints lines as they come, and a table when all are there; gives them back. Nobody reading any more ends the bench. */
async function print(options: PlaceOptions, lines: AsyncIterable<BenchLine>): Promise<BenchLine[]> {
  const { json, table } = options;
  const output = new Output(process.stdout);
  const all: BenchLine[] = [];
  for await (const line of lines) {
    all.push(line);
    if (table !== true) void output.write(`${json === true ? JSON.stringify(line) : lineText(line)}\n`);
    await output.flush();
    if (output.closed) break;
  }
  if (table === true && all.length > 0) void output.write(benchTable(all));
  await output.flush();
  return all;
}

/** A page that cannot be written is told before anything is measured. */
function checkPage(path: string | undefined): void {
  if (path === undefined) return;
  const directory = dirname(path);
  if (nodeFileSystem.stat(nodeFileSystem.realPath(directory))?.isDirectory === true) return;
  throw usageError(`--html: ${directory} is not a directory`);
}

/** The page's file is replaced whole. */
function writePage(path: string, lines: readonly BenchLine[]): void {
  const html = benchPage(lines, { command: thisCommand(), machine: machineFacts() });
  nodeFileSystem.replaceSmall(path, new TextEncoder().encode(html));
}

/** Runs `bench` in the scratch directory that was asked for, or a temporary one, which goes at the end. */
export async function runBench(
  options: PlaceOptions,
  bench: (place: BenchPlace) => AsyncIterable<BenchLine>,
  { cache = 'warm', linesPerRound = 1 }: BenchRun = {},
): Promise<BenchLine[]> {
  const engine = engineOf(options.engine);
  const fs = nodeFileSystem;
  const plan = planOf(options);
  checkPage(options.html);
  const directory = options.dir ?? newScratch(fs, tmpdir());
  let lines: BenchLine[] = [];
  try {
    await untilStopped(async (signal) => {
      const place = { engine, fs, directory, rounds: roundsOf(plan), signal, cache, dropCache: dropFromPageCache };
      lines = await print(options, countedRounds(bench(place), plan, linesPerRound));
    });
  } finally {
    if (options.dir === undefined) fs.removeTree(directory);
  }
  if (options.html !== undefined && lines.length > 0) writePage(options.html, lines);
  return lines;
}
