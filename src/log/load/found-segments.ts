/**
 * The segments of a log that another process may be changing: a listing takes time, and files come, go and change their names
 * meanwhile. So names are listed again behind it, and what moved is looked at once more, until a listing finds what the one
 * before it found. In a swap, a live one or one that a crash left, the log is what loading would make of it (spec 3.7, items
 * 1 to 4): the `.swap` files, once the lowest one has that name, in the place of all that they cover.
 */
import { SeglogError } from '../../errors/errors.ts';
import { leadingOffset, STAGES, SUFFIXES } from '../../format/names.ts';
import type { SegmentContext } from '../../segment/context.ts';
import { rangeOf } from './leftovers.ts';
import { type SegmentFiles, segmentFilesOf } from './segment-files.ts';

/** A segment as a reader finds it. */
export interface FoundSegment extends SegmentFiles {
  /** What its .log has behind its name. */
  readonly stage: string;
  /** What its transaction index has: a swap renames the .log first. */
  readonly transactionStage: string;
}

/** What a directory holds of a log. */
interface FoundLog {
  readonly segments: readonly FoundSegment[];
  /** As {@link layoutKey} tells it. */
  readonly layout: string;
}

/** Which files are the log. */
interface Layout {
  /** All logs that may count, in order of their offsets, with their stages. */
  readonly logs: readonly string[];
  readonly swaps: readonly string[];
  /** The logs that have their names, while their transaction indexes do not. */
  readonly halfNamed: ReadonlySet<string>;
}

/** Each takes a listing of names. Even beside a log that swaps all the time one in a few finds that nothing moved. */
const MOST_LISTINGS = 200;
const SWAPPED_LOG = SUFFIXES.log + STAGES.swap;
const SWAPPED_TRANSACTIONS = SUFFIXES.transactionIndex + STAGES.swap;

/**
 * The segments, in order, none left out: what is listed was there at one moment.
 *
 * @throws SeglogError `IO` when they never stand still, or cannot be read; `OFFSET_NOT_EXACT`, `NOT_A_REGULAR_FILE`
 */
export function findSegments(context: SegmentContext, directory: string): FoundLog {
  const { fs } = context;
  const known = new Map<string, FoundSegment>();
  let names = fs.list(directory);
  let layout = layoutOf(names);
  for (let listing = 1; listing < MOST_LISTINGS; listing++) {
    const segments = look(context, directory, layout, names, known);
    names = fs.list(directory);
    const next = layoutOf(names);
    const moved = changed(layout, next);
    if (moved === undefined && segments !== undefined) return { segments, layout: keyOf(layout) };
    if (moved !== undefined) forget(known, moved);
    layout = next;
  }
  throw new SeglogError('IO', 'the segments of the log came and went each time that they were listed', {
    file: directory,
    expected: `the same names twice in a row, in ${MOST_LISTINGS} listings`,
    action: 'Try again when less of the log is being cleaned or deleted',
  });
}

/** Tells two states of a directory apart, as far as the segments of the log go. */
export function layoutKey(names: readonly string[]): string {
  return keyOf(layoutOf(names));
}

function keyOf({ logs, halfNamed }: Layout): string {
  return [...logs, ...halfNamed].join();
}

function layoutOf(names: readonly string[]): Layout {
  const cleaned = names.filter((name) => name.endsWith(STAGES.cleaned)).map((name) => leadingOffset(name) ?? Infinity);
  // Kafka and loading believe no swap file at or above one that was still being written: the old segments are there.
  const firstCleaned = cleaned.reduce((least, offset) => Math.min(least, offset), Infinity);
  const staged = names.filter((name) => name.endsWith(STAGES.swap) && (leadingOffset(name) ?? 0) < firstCleaned);
  const swaps = staged.filter((name) => name.endsWith(SWAPPED_LOG)).sort();
  const logs = [...names.filter((name) => name.endsWith(SUFFIXES.log)), ...swaps].sort();
  const logsOfIndexes = staged
    .filter((name) => name.endsWith(SWAPPED_TRANSACTIONS))
    .map((name) => name.slice(0, -SWAPPED_TRANSACTIONS.length) + SUFFIXES.log);
  return { logs, swaps, halfNamed: new Set(logsOfIndexes.filter((name) => !swaps.includes(name + STAGES.swap))) };
}

/** The segments of a layout; undefined when one was not there any more. */
function look(
  context: SegmentContext,
  directory: string,
  { logs, swaps, halfNamed }: Layout,
  names: readonly string[],
  known: Map<string, FoundSegment>,
): FoundSegment[] | undefined {
  const present = new Set(names);
  const replaced = replacedBy(context, directory, swaps);
  if (replaced === undefined) return undefined;
  const found: FoundSegment[] = [];
  let isWhole = true;
  for (const name of logs) {
    const offset = leadingOffset(name) ?? Infinity;
    const stage = name.endsWith(STAGES.swap) ? STAGES.swap : '';
    if (stage === '' && offset >= replaced.from && offset < replaced.to) continue;
    const transactionStage = halfNamed.has(name) ? STAGES.swap : stage;
    let segment = known.get(name);
    if (segment?.transactionStage !== transactionStage) {
      const files = segmentFilesOf(context.fs, directory, name, present, stage);
      if (files === 'none') continue;
      segment = files && { ...files, stage, transactionStage };
      if (segment !== undefined) known.set(name, segment);
    }
    if (segment === undefined) isWhole = false;
    else found.push(segment);
  }
  return isWhole ? found.sort((a, b) => a.baseOffset - b.baseOffset) : undefined;
}

/** The offsets that swap files cover; undefined when one has another name by now. */
function replacedBy(
  context: SegmentContext,
  directory: string,
  swaps: readonly string[],
): { from: number; to: number } | undefined {
  try {
    return rangeOf(context, directory, swaps);
  } catch (error) {
    if (error instanceof SeglogError && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}

/** Between which offsets logs came or went; undefined when none did. */
function changed(before: Layout, after: Layout): { from: number; to: number } | undefined {
  const offsets = [
    ...difference(before.logs, after.logs),
    ...difference(after.logs, before.logs),
    ...difference([...before.halfNamed], [...after.halfNamed]),
    ...difference([...after.halfNamed], [...before.halfNamed]),
  ].map((name) => leadingOffset(name) ?? Infinity);
  if (offsets.length === 0) return undefined;
  const first = offsets.reduce((least, offset) => Math.min(least, offset));
  const last = offsets.reduce((largest, offset) => Math.max(largest, offset));
  // The one below the first may be what others became part of, or may have grown before the next one came.
  const below = after.logs.map((name) => leadingOffset(name) ?? Infinity).filter((offset) => offset < first);
  return { from: below.reduce((largest, offset) => Math.max(largest, offset), 0), to: last };
}

function difference(from: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return from.filter((name) => !known.has(name));
}

function forget(known: Map<string, FoundSegment>, { from, to }: { from: number; to: number }): void {
  for (const [name, { baseOffset }] of known) if (baseOffset >= from && baseOffset <= to) known.delete(name);
}
