/** Damage that nothing in a partition's directory gives away: the damaged files are ones that a sound broker leaves. */
import { BATCH, LOG_OVERHEAD } from '../../../src/format/batch.ts';
import { parseLeaderEpochs } from '../../../src/format/checkpoint.ts';
import { parsePartitionMetadata } from '../../../src/format/partition-metadata.ts';
import { parseQuorumState } from '../../../src/format/quorum-state.ts';

/** A file as it was and as it is; undefined when it was deleted. */
export interface Damaged {
  readonly file: string;
  readonly before: Buffer;
  readonly after: Buffer | undefined;
}

interface Undetectable {
  readonly why: string;
  readonly is: (damaged: Damaged) => boolean;
}

function parses(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether only one batch's base offset or leader epoch was changed, both outside the checksum, and whether it still fits
 * between its neighbours; undefined for any other change.
 */
export function unguardedChange({
  file,
  before,
  after,
}: Damaged): { field: 'offset' | 'epoch'; fits: boolean } | undefined {
  if (!file.endsWith('.log') || after?.length !== before.length) return undefined;
  const changed = [...before.keys()].filter((at) => before[at] !== after[at]);
  let next = BigInt(file.slice(0, 20));
  for (let start = 0; start < before.length; ) {
    const end = start + LOG_OVERHEAD + before.readInt32BE(start + BATCH.LENGTH);
    const within = (from: number, to: number): boolean => changed.every((at) => at >= start + from && at < start + to);
    const delta = BigInt(before.readInt32BE(start + BATCH.LAST_OFFSET_DELTA));
    const base = after.readBigInt64BE(start);
    const following = end < before.length ? before.readBigInt64BE(end) : 2n ** 62n;
    if (within(BATCH.BASE_OFFSET, BATCH.LENGTH))
      return { field: 'offset', fits: base >= next && base + delta < following };
    if (within(BATCH.LEADER_EPOCH, BATCH.MAGIC)) return { field: 'epoch', fits: false };
    next = before.readBigInt64BE(start) + delta + 1n;
    start = end;
  }
  return undefined;
}

export const UNDETECTABLE: readonly Undetectable[] = [
  {
    why: 'an .index cut at an entry: how many entries there are depends on index.interval.bytes and on restarts',
    is: ({ file, before, after }) =>
      /^\d{20}\.index$/.test(file) &&
      after !== undefined &&
      after.length % 8 === 0 &&
      before.subarray(0, after.length).equals(after),
  },
  {
    why: 'a snapshot that is gone: which ones a broker keeps depends on how it was stopped',
    is: ({ file, after }) => /\.(snapshot|checkpoint)$/.test(file) && after === undefined,
  },
  {
    why: 'another topic id: it is random, and the only other copy is in the metadata log',
    is: ({ file, after }) =>
      file === 'partition.metadata' &&
      (after === undefined || parses(() => parsePartitionMetadata(after.toString('latin1'), file))),
  },
  {
    why: 'leader epochs that could be: an epoch may start above its first batch, as deleting records moves it',
    is: ({ file, after }) =>
      file === 'leader-epoch-checkpoint' &&
      (after === undefined || parses(() => parseLeaderEpochs(after.toString('latin1'), file))),
  },
  {
    why: 'a base offset where offsets are missing anyway, or of the last batch: nothing says where it should be',
    is: (damaged) => unguardedChange(damaged)?.fits === true,
  },
  {
    why: 'a vote or leader that could be: elections leave no other trace in the directory',
    is: ({ file, after }) =>
      file === 'quorum-state' && (after === undefined || parses(() => parseQuorumState(after, file))),
  },
];
