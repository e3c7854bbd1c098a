/** What a difference between the directory and what recovery makes of it means for a repair. */
import { join } from 'node:path';
import { baseOffsetOfName, leadingOffset, PARTITION_FILES, segmentFileName, SUFFIXES } from '../format/names.ts';
import type { OverlayChange } from '../fs/overlay-fs.ts';
import { type LeaderEpoch, LeaderEpochs } from '../state/leader-epochs.ts';
import { isCompactedIndexSame } from './compacted-transactions.ts';
import type { RepairOptions } from './options.ts';
import { areIndexesSound, isSnapshotSame } from './same-meaning.ts';
import { logNames, type RepairedView } from './view.ts';

/** Kafka's `producer.id.expiration.ms`, which recovery forgets producers by. */
const PRODUCER_EXPIRATION_MS = 86_400_000;
const MAX_DERIVED_BYTES = 1024 * 1024 * 1024;

/** A reason to repair, part of a repair that has one, or nothing to do. */
type Weight = 'must' | 'may' | 'stays';

/** Tells reasons to repair from differences that mean nothing. */
export class Weigher {
  readonly #directory: string;
  readonly #options: RepairOptions;
  readonly #view: RepairedView;
  readonly #changed: ReadonlySet<string>;
  readonly #lastLog: string | undefined;

  constructor(directory: string, options: RepairOptions, view: RepairedView, changes: readonly OverlayChange[]) {
    this.#directory = directory;
    this.#options = options;
    this.#view = view;
    this.#changed = new Set(changes.map(({ name }) => name));
    this.#lastLog = logNames(view.overlay, directory).at(-1);
  }

  weigh({ name, before, after }: OverlayChange): Weight {
    const has = (suffix: string): boolean => baseOffsetOfName(name, suffix) !== undefined;
    if (has(SUFFIXES.producerSnapshot)) return this.#snapshot(name, before !== undefined, after !== undefined);
    if (name === PARTITION_FILES.leaderEpochs) {
      return !this.#view.areEpochsRebuilt && this.#areEpochsSame() ? 'stays' : 'must';
    }
    const isIndex = has(SUFFIXES.offsetIndex) || has(SUFFIXES.timeIndex);
    const isTransactionIndex = has(SUFFIXES.transactionIndex);
    if (!(isIndex || isTransactionIndex) || before === undefined || after === undefined) return 'must';
    const log = segmentFileName(leadingOffset(name) ?? 0, SUFFIXES.log);
    if (this.#changed.has(log)) return 'must';
    return (isIndex ? this.#isIndexSound(name, log) : this.#isTransactionIndexSame(name, log)) ? 'may' : 'must';
  }

  #snapshot(name: string, isThere: boolean, isWanted: boolean): Weight {
    if (!isThere) return 'must';
    const path = join(this.#directory, name);
    const recovered = isWanted ? this.#view.overlay.readSmall(path, MAX_DERIVED_BYTES) : undefined;
    if (!isSnapshotSame(this.#options, path, recovered, PRODUCER_EXPIRATION_MS)) return 'must';
    if (isWanted) return 'stays';
    return (leadingOffset(name) ?? Infinity) > this.#view.logEndOffset ? 'must' : 'may';
  }

  #isTransactionIndexSame(name: string, log: string): boolean {
    const path = join(this.#directory, name);
    const recovered = this.#view.overlay.readSmall(path, MAX_DERIVED_BYTES);
    return isCompactedIndexSame(this.#options, join(this.#directory, log), path, recovered);
  }

  #isIndexSound(name: string, log: string): boolean {
    const path = join(this.#directory, name);
    const isTime = name.endsWith(SUFFIXES.timeIndex);
    return areIndexesSound(this.#options, {
      log: join(this.#directory, log),
      baseOffset: leadingOffset(name) ?? 0,
      offsetIndex: isTime ? undefined : path,
      timeIndex: isTime ? path : undefined,
      isLast: log === this.#lastLog,
    });
  }

  /**
   * Whether both files say the same of the offsets that are in the log. An epoch that starts at the log's end, as a new leader
   * notes it before it appends, is forgotten by recovery, and no fault; one that starts behind it is.
   */
  #areEpochsSame(): boolean {
    const { logEndOffset, overlay } = this.#view;
    let isReadable = true;
    const load = (fs: RepairOptions['fs']): readonly LeaderEpoch[] =>
      LeaderEpochs.load(fs, this.#directory, () => (isReadable = false)).entries();
    const before = load(this.#options.fs);
    if (before.some(({ startOffset }) => startOffset > logEndOffset)) return false;
    return this.#withinLog(before) === this.#withinLog(load(overlay)) && isReadable;
  }

  #withinLog(epochs: readonly LeaderEpoch[]): string {
    const { logStartOffset, logEndOffset } = this.#view;
    const within = epochs.filter(({ startOffset }) => startOffset < logEndOffset);
    const from = within.findLastIndex(({ startOffset }) => startOffset <= logStartOffset);
    const clipped = within.slice(Math.max(0, from));
    return clipped.map(({ epoch, startOffset }) => `${epoch} ${Math.max(startOffset, logStartOffset)}`).join();
  }
}
