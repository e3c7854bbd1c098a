/** Leader epochs from segment to segment: as within one, they never fall. */
import type { Finding } from '../../findings/finding.ts';
import type { Int64 } from '../../int64.ts';
import type { SegmentFacts } from '../facts.ts';
import { makeFinding } from '../finding.ts';

interface EpochStart {
  readonly epoch: number;
  readonly offset: Int64;
  readonly path: string;
  /** Known of the first and the last epoch of a segment, and these are what falls. */
  readonly position: number;
}

/** Where the epoch falls between one segment and the next; the one that stands out among its neighbours is named. */
export function* checkEpochFalls(facts: readonly SegmentFacts[]): Generator<Finding, void> {
  const starts = facts.flatMap(startsOf);
  const rising: EpochStart[] = [];
  for (const [at, next] of starts.entries()) {
    const previous = rising.at(-1);
    if (previous !== undefined && next.epoch < previous.epoch) {
      const before = rising.at(-2)?.epoch ?? -1;
      const behind = starts[at + 1]?.epoch ?? -1;
      const isPrevious = behind < previous.epoch && before <= next.epoch;
      yield isPrevious
        ? falls(previous, `at most ${next.epoch}, as behind it`)
        : falls(next, `at least ${previous.epoch}, as before it`);
      if (!isPrevious) continue;
      rising.pop();
    }
    if (next.epoch !== rising.at(-1)?.epoch) rising.push(next);
  }
}

function startsOf({ epochs, path, firstEpochPosition, lastEpochPosition }: SegmentFacts): EpochStart[] {
  return epochs.map(([epoch, offset], at) => ({
    ...{ epoch, offset, path },
    position: (at === 0 ? firstEpochPosition : lastEpochPosition) ?? 0,
  }));
}

function falls({ path, position, offset, epoch }: EpochStart, expected: string): Finding {
  return makeFinding('LEADER_EPOCH_INVALID', path, { position, offsets: [offset, offset], expected, found: epoch });
}
