/**
 * Making a directory with its parents, one by one: Node's own way of doing so never ends where a parent can neither be
 * found nor made, as below /proc.
 */
import { dirname } from 'node:path';

/** What is asked of the machine. */
export interface DirectoryCalls {
  /** Makes one directory; raises an error with a `code`. */
  make(path: string): void;
  /** Whether a directory is there, also behind a link. */
  isDirectory(path: string): boolean;
  /** Makes the names in a directory durable. */
  sync(path: string): void;
}

/**
 * Makes a directory and what is missing above it. The names of its parents are durable when it returns; its own is with the
 * next sync of its parent.
 *
 * @returns whether it was not there
 * @throws the error of the call that failed
 */
export function makeWithParents(path: string, calls: DirectoryCalls): boolean {
  const missing: string[] = [];
  let at = path;
  let outcome = attempt(at, calls);
  while (outcome === 'no parent') {
    missing.push(at);
    at = dirname(at);
    outcome = attempt(at, calls);
  }
  if (missing.length === 0) return outcome === 'made';
  if (outcome === 'made') calls.sync(dirname(at));
  for (let i = missing.length - 1; i >= 0; i--) {
    const next = missing[i] as string;
    // A second time there is a parent, or the reason why there can be none.
    if (attempt(next, calls) === 'no parent') calls.make(next);
    if (i > 0) calls.sync(dirname(next));
  }
  return true;
}

function attempt(path: string, calls: DirectoryCalls): 'made' | 'there' | 'no parent' {
  try {
    calls.make(path);
    return 'made';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && dirname(path) !== path) return 'no parent';
    // Also where nothing can be made, as on a file system that may only be read.
    if (calls.isDirectory(path)) return 'there';
    throw error;
  }
}
