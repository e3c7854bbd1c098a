/** The assignors by Kafka's names. */
import { SeglogError } from '../../errors/errors.ts';
import type { Assignor } from './assignor.ts';
import { assignRange } from './range.ts';
import { assignRoundRobin } from './round-robin.ts';
import { assignSticky } from './sticky.ts';

/** How the members of a group share partitions; all of a group's members name the same. */
export type AssignorName = 'range' | 'roundrobin' | 'sticky';

const ASSIGNORS: Readonly<Record<AssignorName, Assignor>> = {
  range: assignRange,
  roundrobin: assignRoundRobin,
  sticky: assignSticky,
};

/** @throws SeglogError `INVALID_ARGUMENT` */
export function assignorOf(name: string): Assignor {
  if (Object.hasOwn(ASSIGNORS, name)) return ASSIGNORS[name as AssignorName];
  throw new SeglogError('INVALID_ARGUMENT', 'unknown assignor', {
    expected: Object.keys(ASSIGNORS).join(', '),
    found: JSON.stringify(name),
  });
}
