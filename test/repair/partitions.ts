/** Partitions to repair, and what tells that one was. */
import { createHash } from 'node:crypto';
import { cpSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import type { RepairOptions } from '../../src/repair/options.ts';
import { applyEdits, type Edit } from '../support/edits.ts';
import { FIXTURES, jsonLines } from '../support/fixtures.ts';
import { scratch } from '../support/temp.ts';

/** What Kafka left of a partition: see fixtures/README.md. */
export interface Left {
  dir: string;
  logStartOffset: number;
  logEndOffset: number;
  segments: { baseOffset: number; size: number }[];
  files: Record<string, string>;
}

export interface Recipe {
  name: string;
  source: string;
  edits: Edit[];
  kafka: Left;
}

export const RECIPES: Recipe[] = jsonLines<Recipe>(readFileSync(join(FIXTURES, 'damage.jsonl'), 'utf8'));

/** A repeated batch, after which Kafka's log end goes back; recovery cuts there. */
export const REPEATED_BATCH = '025-duplicate-tail';

export function recipe(name: string): Recipe {
  const found = RECIPES.find((other) => other.name === name);
  if (found === undefined) throw new Error(`no recipe ${name}`);
  return found;
}

/** A copy of a partition of the fixtures, alone in a log directory. */
export function copyOf(source: string, edits: readonly Edit[] = []): string {
  const directory = join(scratch(), basename(source));
  cpSync(join(FIXTURES, source), directory, { recursive: true, preserveTimestamps: true });
  applyEdits(directory, edits);
  return directory;
}

/** As the broker and the oracle were configured. */
export const CONFIG = { segmentIndexBytes: 102_400 };

export function optionsFor(more: Partial<RepairOptions> = {}): RepairOptions {
  return { fs: nodeFileSystem, engine: defaultEngine(), clock: systemClock, config: CONFIG, ...more };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Every file below a directory, its SHA-256 and its time, by its path there. Directories are listed too. */
export function treeOf(directory: string, { times = true }: { times?: boolean } = {}): Record<string, string> {
  const tree: Record<string, string> = {};
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const time = times && entry.isFile() ? ` ${lstatSync(path).mtimeMs}` : '';
    tree[path.slice(directory.length + 1)] = entry.isFile() ? sha256(readFileSync(path)) + time : 'directory';
  }
  return tree;
}

/** The segment files in a directory, in the form of the fixtures. */
export function segmentFilesOf(directory: string): Record<string, string> {
  const names = readdirSync(directory).filter((name) => /^\d{20}\.(log|index|timeindex|txnindex)/.test(name));
  return Object.fromEntries(
    names.sort().map((name) => [name, sha256(readFileSync(join(directory, name))).slice(0, 16)]),
  );
}

/** The SHA-256 of everything below a directory. */
export function contentsOf(directory: string): Set<string> {
  return new Set(Object.values(treeOf(directory, { times: false })));
}
