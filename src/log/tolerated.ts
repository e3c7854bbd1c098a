/** Failures of small writes that a log can live with. */
import { isNoSpace, SeglogError } from '../errors/errors.ts';

/** What a small file could not take for lack of space it takes the next time. */
export function ifThereIsSpace(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isNoSpace(error)) throw error;
  }
}

/** What is derived, or noted again later, may fail to be written. */
export function unlessIo(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!(error instanceof SeglogError) || error.code !== 'IO') throw error;
  }
}
