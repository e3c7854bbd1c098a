/** Removing files that a log renamed to `.deleted`: the slow half of a deletion, on whichever thread. */
import { basename, join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { STAGES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { turn } from './turn.ts';

/** Files that are no longer part of a log. */
export interface UnlinkRequest {
  /** The partition's directory. */
  readonly directory: string;
  /** Names in it that end in `.deleted`. */
  readonly names: readonly string[];
}

/** So many files are removed before others have their turn. */
const REMOVED_A_TURN = 64;

/**
 * Removes files, and nothing but `.deleted` ones; one that is gone already is no error. Whatever ends this in the middle loses
 * nothing: what is left is removed by the next try, or by the next opening of the log.
 *
 * @throws SeglogError `IO` for the first one that cannot be removed, once all were tried; `INVALID_ARGUMENT` for any other name,
 * before anything is removed
 */
export async function unlinkDeleted(fs: FileSystem, { directory, names }: UnlinkRequest): Promise<void> {
  const odd = names.find((name) => !name.endsWith(STAGES.deleted) || basename(name) !== name);
  if (odd !== undefined) {
    throw new SeglogError('INVALID_ARGUMENT', 'only files that were deleted are removed', {
      file: directory,
      expected: `a name that ends in ${STAGES.deleted}`,
      found: JSON.stringify(odd),
    });
  }
  let failure: Error | undefined;
  for (const [at, name] of names.entries()) {
    if (at % REMOVED_A_TURN === REMOVED_A_TURN - 1) await turn();
    try {
      fs.remove(join(directory, name));
    } catch (error) {
      failure ??= error as Error;
    }
  }
  if (failure !== undefined) throw failure;
}
