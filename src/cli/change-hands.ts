/** What handing log directories over and adopting them share. */
import { nodeFileSystem } from '../fs/node-fs.ts';
import type { Refusal } from '../handover/handover.ts';
import { EXIT, tell, tellError, ToldError, usageError } from './exit-codes.ts';

/** Paths with links resolved: they are written down, and stand for themselves anywhere. @throws SeglogError `IO`, `INVALID_ARGUMENT` */
export function resolveDirectories(given: readonly string[]): string[] {
  if (given.length === 0) throw usageError('no log directory is given');
  const paths = given.map((path) => nodeFileSystem.realPath(path));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) throw usageError(`${twice} is given twice`);
  return paths;
}

/** Tells all that is wrong, a line each. @param what - what did not happen, as "not adopted" */
export function refuse({ problems }: Refusal, what: string): ToldError {
  for (const problem of problems) tellError(problem);
  tell(`${what}: ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}; nothing was changed`);
  return new ToldError(EXIT.findings);
}
