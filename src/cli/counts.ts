/** Whole numbers as options of commands. */
import { InvalidArgumentError } from 'commander';

function wholeNumber(text: string, least: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= Number.MAX_SAFE_INTEGER))
    throw new InvalidArgumentError(`It must be a whole number from ${least}.`);
  return value;
}

/** 0, 1, 2, ... */
export function count(text: string): number {
  return wholeNumber(text, 0);
}

/** 1, 2, 3, ... */
export function positiveCount(text: string): number {
  return wholeNumber(text, 1);
}
