/** The live view of a store that runs: what it shows, as lines. */
import { bytesText, countText } from '../../bench/text.ts';
import { printable } from '../../inspect/byte-encoding.ts';
import type { CleaningRun } from '../../store/observer.ts';
import type { StoreStatus } from '../../store/status.ts';
import { eventShort, type RunEvent } from './event-text.ts';

/** A topic, summed up. */
export interface TopicRow {
  readonly name: string;
  readonly partitions: number;
  readonly segments: number;
  readonly sizeBytes: number;
  /** The largest of its partitions; undefined where the cleaner has not looked. */
  readonly dirtyRatio: number | undefined;
  readonly policy: string;
}

/** What is seen. */
export interface Seen {
  readonly status: StoreStatus;
  readonly topics: readonly TopicRow[];
  readonly cleanerThreads: number;
  readonly upMs: number;
  /** The last of what retention deleted. */
  readonly lastRetention: RunEvent | undefined;
  /** The last events, oldest first. */
  readonly recent: readonly RunEvent[];
}

/** Room for the view. */
export interface Room {
  readonly columns: number;
  readonly rows: number;
}

const SECOND_MS = 1000;
const BAR_LENGTH = 24;
/** Problems that are shown; the status has more. */
const SHOWN_PROBLEMS = 3;
const LEAST_TOPICS = 3;
const LEAST_RECENT = 3;

/** The view, in at most as many lines as there is room for, none wider than it. */
export function viewLines(seen: Seen, { columns, rows }: Room): string[] {
  const { status } = seen;
  const fixed = [headLine(seen), ...directoryLines(status), ...cleanerLines(seen), retentionLine(seen)];
  const problems = problemLines(status);
  // Two headings; what is left is shared by topics and events.
  const left = Math.max(LEAST_TOPICS + LEAST_RECENT, rows - fixed.length - problems.length - 2);
  const topics = topicLines(seen.topics, Math.max(LEAST_TOPICS, left - Math.max(LEAST_RECENT, Math.floor(left / 3))));
  // The heading of the topics is one of the two.
  const recent = seen.recent.slice(-Math.max(LEAST_RECENT, left - topics.length + 1));
  const lines = [...fixed, ...topics, ...problems, 'recent', ...recent.map((event) => `  ${eventShort(event)}`)];
  return lines.slice(0, rows).map((line) => clipped(printable(line), columns));
}

function headLine({ status, upMs }: Seen): string {
  const { directories, topics, partitions } = status;
  return (
    `seglog store run: ${directories.length} log directories, ${countText(topics)} topics, ` +
    `${countText(partitions)} partitions, up ${timeText(upMs)}; Ctrl-C stops`
  );
}

function directoryLines({ directories }: StoreStatus): string[] {
  return directories.map(
    ({ path, isOnline, partitions, sizeBytes }) =>
      `  ${isOnline ? 'online ' : 'OFFLINE'} ${countText(partitions)} partitions, ${bytesText(sizeBytes)}  ${path}`,
  );
}

function topicLines(topics: readonly TopicRow[], most: number): string[] {
  const shown = topics.length > most ? topics.slice(0, most - 1) : topics;
  const width = Math.max(5, ...shown.map(({ name }) => name.length));
  const rows = shown.map(
    ({ name, partitions, segments, sizeBytes, dirtyRatio, policy }) =>
      `  ${name.padEnd(width)} ${countText(partitions).padStart(10)} ${countText(segments).padStart(8)} ` +
      `${bytesText(sizeBytes).padStart(11)} ${percentText(dirtyRatio).padStart(6)}  ${policy}`,
  );
  const head = `  ${'topic'.padEnd(width)} partitions segments ${'size'.padStart(11)} ${'dirty'.padStart(6)}  policy`;
  return [
    head,
    ...rows,
    ...(shown.length < topics.length ? [`  and ${topics.length - shown.length} smaller ones`] : []),
  ];
}

function cleanerLines({ status, cleanerThreads }: Seen): string[] {
  const busy = status.cleaning.map((run) => `  ${cleaningText(run)}`);
  const idle = Math.max(0, cleanerThreads - busy.length);
  return [...busy, ...(idle > 0 ? [`  ${idle} of ${cleanerThreads} cleaner threads idle`] : [])];
}

function cleaningText({ topic, partition, progress, elapsedMs }: CleaningRun): string {
  const name = `cleaning ${topic}-${partition}`;
  if (progress === undefined) return `${name}: waiting for a thread, ${timeText(elapsedMs)}`;
  const { phase, doneBytes, totalBytes } = progress;
  const share = totalBytes === 0 ? 1 : Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(share * BAR_LENGTH);
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_LENGTH - filled);
  return `${name}: ${phase.padEnd(5)} ${bar} ${percentText(share)} of ${bytesText(totalBytes)}, ${timeText(elapsedMs)}`;
}

function retentionLine({ lastRetention }: Seen): string {
  return `  last retention: ${lastRetention === undefined ? 'nothing deleted so far' : eventShort(lastRetention)}`;
}

function problemLines({ problems, troubled, uncleanable, deleting }: StoreStatus): string[] {
  const last = problems.slice(-SHOWN_PROBLEMS).map(({ message }) => `  problem: ${message}`);
  const counts = [
    ...(troubled.length > 0 ? [`  ${troubled.length} partitions offline or closed to appends`] : []),
    ...uncleanable
      .slice(0, SHOWN_PROBLEMS)
      .map(
        ({ topic, partition, failures, problem }) =>
          `  uncleanable ${topic}-${partition} (${failures}): ${problem.message}`,
      ),
    ...(deleting.length > 0 ? [`  ${deleting.length} deleted partitions wait for their removal`] : []),
  ];
  return [...counts, ...last];
}

function percentText(share: number | undefined): string {
  return share === undefined ? '-' : `${Math.floor(share * 100)} %`;
}

/** `0:03:07`. */
function timeText(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  const two = (number: number): string => `${number}`.padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function clipped(line: string, columns: number): string {
  const letters = Array.from(line);
  return letters.length <= columns ? line : `${letters.slice(0, Math.max(0, columns - 1)).join('')}…`;
}
