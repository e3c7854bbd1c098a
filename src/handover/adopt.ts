/**
 * `seglog adopt`: log directories of an Apache Kafka of one node become those of a store.
 *
 * What the node's records, its groups and its topics are is in them already, in the form that a store has them in. So it is seen that
 * the node was alone and stopped clean, and the store opens them. Whatever keeps it from that, nothing was deleted or renamed.
 */
import type { Clock } from '../clock/clock.ts';
import type { Engine } from '../engine/contract.ts';
import type { SeglogError } from '../errors/errors.ts';
import type { FileSystem } from '../fs/contract.ts';
import type { StoreOptions } from '../store/options.ts';
import { Store } from '../store/store.ts';
import { checkClosed, checkForStore, checkMetadata, checkPartitions } from './checks.ts';
import type { Refusal } from './handover.ts';
import { whileLocked } from './locks.ts';
import { seenProducers } from './producers.ts';
import { surveyDirectories } from './survey.ts';
import { judgeTransactions } from './transactions.ts';

/** What an adoption stands on. */
export interface AdoptOptions extends Pick<StoreOptions, 'onProblem' | 'onProgress'> {
  readonly engine: Engine;
  readonly fs: FileSystem;
  readonly clock: Clock;
  /** Aborts before the store is opened: nothing was changed then. A store that is being opened is closed again. */
  readonly signal?: AbortSignal;
}

/** What was adopted. */
export interface Adopted {
  readonly clusterId: string;
  readonly nodeId: number;
  readonly directories: readonly string[];
  readonly topics: number;
  readonly partitions: number;
  /** Partitions that are offline, and why. */
  readonly troubled: readonly { readonly topic: string; readonly partition: number; readonly problem: SeglogError }[];
}

/**
 * Sees that the directories are those of one node that stopped clean, and opens and closes them as a store.
 *
 * @param paths - all log directories of the node, with links resolved
 * @throws SeglogError `LOG_LOCKED` while a broker or a store has one of them; `IO`; as `Store.open`; the reason of `signal`
 */
export async function adopt(paths: readonly string[], options: AdoptOptions): Promise<Adopted | Refusal> {
  const { signal, ...ofStore } = options;
  const { engine, fs } = options;
  const problems = await whileLocked(engine, fs, paths, () => {
    const survey = surveyDirectories(options, paths);
    // A transaction that Kafka has left open keeps nobody from a store, where it can be ended.
    const { open, problems: unread } = seenProducers(options, survey);
    const { known, unknown } = judgeTransactions(options, survey, open);
    for (const problem of [...unread, ...known, ...unknown]) options.onProblem?.(problem);
    return [
      ...survey.problems,
      ...checkClosed(survey, 'broker'),
      ...checkMetadata(survey),
      ...checkPartitions(survey),
      ...checkForStore(survey),
    ];
  });
  if (problems.length > 0) return { problems };
  signal?.throwIfAborted();
  // What a broker's defaults are is in its server.properties: nothing is deleted by those of a store.
  const store = await Store.open(paths, { ...ofStore, periodicCleaning: false });
  try {
    const { clusterId, nodeId, topics, partitions, troubled } = store.status();
    return { clusterId, nodeId, directories: paths, topics, partitions, troubled };
  } finally {
    await store.close();
  }
}
