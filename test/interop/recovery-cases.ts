/** Random cases of recovery: a partition, damage to it, and what is known when it is opened. */
import { randomDamage } from '../support/damage.ts';
import type { Edit } from '../support/edits.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import { Random } from '../support/random.ts';
import { momentAround, type Source } from './sources.ts';

/** A partition, what is done to it, and what is known when it is opened. */
export interface RecoveryCase {
  readonly name: string;
  readonly source: Source;
  readonly edits: readonly Edit[];
  readonly clean: boolean;
  readonly logStartOffset: number;
  readonly recoveryPoint: number;
  readonly now: number;
}

/** A case of that seed. */
export function randomCase(seed: number, index: number, sources: readonly Source[]): RecoveryCase {
  const random = new Random(seed * 1_000_003 + index);
  const source = random.pick(sources);
  const segments = segmentsOf(source.directory);
  const bases = segments.map(({ baseOffset }) => Number(baseOffset));
  const end = Number((segments.at(-1)?.entries.at(-1)?.lastOffset ?? BigInt((bases.at(-1) ?? 0) - 1)) + 1n);
  const somewhere = (): number =>
    random.chance(0.4) ? random.pick(bases) : random.between(bases[0] ?? 0, end + (random.chance(0.1) ? 100 : 0));
  return {
    name: `${index}`,
    source,
    edits: randomDamage(random, source.directory),
    // The indexes of a killed broker are not trimmed: nobody closed those clean.
    clean: !source.name.startsWith('unclean/') && random.chance(0.25),
    logStartOffset: random.chance(0.7) ? 0 : somewhere(),
    recoveryPoint: random.chance(0.5) ? 0 : somewhere(),
    now: momentAround(random, source.directory),
  };
}
