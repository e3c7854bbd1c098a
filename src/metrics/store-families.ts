/** The metrics of a store: those of its logs, and what only the whole has. */
import type { MetricFamily, MetricSample } from './families.ts';
import type { MeasuredLog } from './log-catalogue.ts';
import { distributionFamilies, logFamilies, type MetricDetail } from './log-families.ts';
import { Distributions, LogMeasures } from './measures.ts';

/** A store as it stands, as far as it is measured. */
export interface StoreFacts {
  readonly logs: readonly MeasuredLog[];
  readonly topics: number;
  /** Partitions that the cleaner failed at the last time. */
  readonly uncleanablePartitions: number;
  /** Directories that wait for their removal. */
  readonly deletingDirectories: number;
  readonly cleanerThreads: number;
  readonly compactionsRunning: number;
  readonly directories: readonly DirectoryFacts[];
}

/** A log directory. There are as many as the store was opened over. */
interface DirectoryFacts {
  readonly path: string;
  readonly isOnline: boolean;
  readonly sizeBytes: number;
}

/** More series of one name than this help nobody: then topics are told of, or the store as a whole. */
const MOST_GROUPS = 1000;

/** What a store counts: for its logs, which begin where they were when they are opened again, and for itself. */
export class StoreMeasures {
  readonly distributions: Distributions = new Distributions();
  readonly #logs = new Map<string, LogMeasures>();
  /** What was done in topics that were deleted. */
  readonly #gone = new LogMeasures();
  readonly #problems = new Map<string, number>();
  /** How long opening took; undefined until it is done. */
  openSeconds: number | undefined;

  /** What a partition's log counts in. */
  of(topic: string, partition: number): LogMeasures {
    const key = `${topic}-${partition}`;
    const known = this.#logs.get(key) ?? new LogMeasures();
    this.#logs.set(key, known);
    return known;
  }

  /** A problem that did not stop the store, by the code of its error. */
  problem(code: string): void {
    this.#problems.set(code, (this.#problems.get(code) ?? 0) + 1);
  }

  /**
   * All metrics.
   *
   * @param detail for what there are series of their own; default: for each partition, from 1,001 of them on for each topic, and
   * from 1,001 topics on for the store alone
   */
  families(facts: StoreFacts, detail: MetricDetail = detailFor(facts)): MetricFamily[] {
    const gone = { topic: '', partition: 0, measures: this.#gone, state: undefined, dirtyRatio: undefined };
    const logs = detail === 'store' ? [...facts.logs, gone] : facts.logs;
    return [
      ...logFamilies(logs, detail),
      ...distributionFamilies(this.distributions),
      ...storeFamilies(facts, this.openSeconds),
      {
        ...{ name: 'seglog_store_problems_total', type: 'counter', labelNames: ['code'] },
        help: 'Problems that did not stop the store, by the code of their error.',
        samples: [...this.#problems].map(([code, value]) => ({ labels: { code }, value })),
      },
    ];
  }

  /** A partition was deleted: what its log has done counts for the store alone from now on. */
  forget(topic: string, partition: number): void {
    this.#gone.absorb(this.of(topic, partition));
    this.#logs.delete(`${topic}-${partition}`);
  }
}

function detailFor({ logs, topics }: StoreFacts): MetricDetail {
  if (logs.length <= MOST_GROUPS) return 'partition';
  return topics <= MOST_GROUPS ? 'topic' : 'store';
}

function storeFamilies(facts: StoreFacts, openSeconds: number | undefined): MetricFamily[] {
  const { logs, directories } = facts;
  const offline = logs.filter(({ state }) => state === undefined).length;
  const ofDirectories = (read: (directory: DirectoryFacts) => number): MetricSample[] =>
    directories.map((directory) => ({ labels: { directory: directory.path }, value: read(directory) }));
  return [
    gauge('seglog_store_topics', 'Topics.', facts.topics),
    gauge('seglog_store_partitions', 'Partitions.', logs.length),
    gauge('seglog_store_offline_partitions', 'Partitions that are offline.', offline),
    gauge(
      'seglog_store_uncleanable_partitions',
      'Partitions whose compaction failed the last time, or so often that it is not tried any more.',
      facts.uncleanablePartitions,
    ),
    gauge(
      'seglog_store_deleting_directories',
      'Directories of deleted partitions that wait for their removal.',
      facts.deletingDirectories,
    ),
    gauge('seglog_store_open_seconds', 'Time that opening the store took.', openSeconds),
    gauge('seglog_cleaner_threads', 'Worker threads that may compact.', facts.cleanerThreads),
    gauge('seglog_cleaner_running_compactions', 'Compactions under way by themselves.', facts.compactionsRunning),
    {
      ...{ name: 'seglog_directory_online', type: 'gauge', labelNames: ['directory'] },
      help: 'Whether a log directory is online: 1 or 0.',
      samples: ofDirectories(({ isOnline }) => (isOnline ? 1 : 0)),
    },
    {
      ...{ name: 'seglog_directory_size_bytes', type: 'gauge', labelNames: ['directory'] },
      help: 'Bytes of the .log files in a log directory, of partitions that are online.',
      samples: ofDirectories(({ sizeBytes }) => sizeBytes),
    },
  ];
}

function gauge(name: string, help: string, value: number | undefined): MetricFamily {
  const samples = value === undefined ? [] : [{ labels: {}, value }];
  return { name, type: 'gauge', help, labelNames: [], samples };
}
