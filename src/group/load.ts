/** Reading the groups of a partition of `__consumer_offsets`. */
import { SeglogError } from '../errors/errors.ts';
import type { ReadableLog } from '../log/readable-log.ts';
import { StoredGroups } from './state/stored-groups.ts';

/**
 * From the first record to the last.
 *
 * @param name of the partition, for whoever is told
 * @param tell is told of records that are kept, and not used
 * @throws SeglogError (as a rejection) what `Log.read` raises
 */
export async function loadGroups(
  log: Pick<ReadableLog, 'read'>,
  name: string,
  tell: (problem: SeglogError) => void,
): Promise<StoredGroups> {
  const groups = toldGroups(name, tell);
  for await (const batch of log.read({ isolation: 'log_end' })) groups.apply(batch);
  return groups;
}

/** No groups yet. What is put there and cannot be used is told of by the partition's name. */
export function toldGroups(name: string, tell: (problem: SeglogError) => void): StoredGroups {
  return new StoredGroups(({ code, message }, offset) =>
    tell(new SeglogError(code, `${name} has a record at offset ${offset} that is not used: ${message}`)),
  );
}
