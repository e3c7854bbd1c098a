/** What the commands about topics share: the log directories they are told, and opening them. */
import { SingleBar } from 'cli-progress';
import { parseLogConfig } from '../config/log-config.ts';
import type { LogConfig } from '../config/log-config.ts';
import type { LoadProgress } from '../store/options.ts';
import { Store } from '../store/store.ts';
import { StoreReader } from '../store/store-reader.ts';
import { tell } from './exit-codes.ts';

export const DIR_OPTION = '--dir <log-dir>';
export const DIR_HELP = 'a log directory, where the directories of partitions are; may repeat';

/** Collects `--dir`. */
export function collectDirectory(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

/** `--config` as a configuration. @throws SeglogError `INVALID_CONFIG` */
export function configFrom(given: readonly (readonly [string, string])[] = []): Partial<LogConfig> {
  return parseLogConfig(given);
}

/** Looks at log directories without a lock; what is odd is told on stderr. */
export function lookAt(directories: readonly string[]): StoreReader {
  return StoreReader.open(directories, { onProblem: ({ code, message }) => tell(`note: ${code}: ${message}`) });
}

/**
 * Opens a store for changes, does the work, and closes it whatever comes. Problems are told, progress only on a terminal.
 *
 * However long the work takes, no retention and no compaction run, and nothing deleted is removed by itself: the defaults
 * that the store's owner keeps topics by are in no file, and with those of Kafka records would go that are to stay.
 */
export async function withStore<T>(directories: readonly string[], work: (store: Store) => Promise<T>): Promise<T> {
  const progress = new LoadBar();
  let store: Store;
  try {
    store = await Store.open(directories, {
      periodicCleaning: false,
      onProblem: ({ code, message }) => tell(`note: ${code}: ${message}`),
      ...(process.stderr.isTTY ? { onProgress: (loaded: LoadProgress) => progress.update(loaded) } : {}),
    });
  } finally {
    progress.stop();
  }
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** A bar for loading; nothing is drawn until the first partition is loaded. */
class LoadBar {
  #bar: SingleBar | undefined;

  update({ loadedPartitions, totalPartitions, failedPartitions }: LoadProgress): void {
    if (this.#bar === undefined) {
      this.#bar = new SingleBar({
        format: 'loading {bar} {value} of {total} partitions, {failed} failed',
        barCompleteChar: '█',
        barIncompleteChar: '░',
        barsize: 32,
        hideCursor: true,
        clearOnComplete: true,
      });
      this.#bar.start(totalPartitions, loadedPartitions, { failed: failedPartitions });
    } else this.#bar.update(loadedPartitions, { failed: failedPartitions });
  }

  stop(): void {
    this.#bar?.stop();
  }
}
