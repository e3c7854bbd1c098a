/** A moment on the command line: milliseconds since 1970, or a date and time of ISO 8601. */
import { InvalidArgumentError } from 'commander';

const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)?$/;

/** Milliseconds since 1970. A time without a zone is UTC. @throws InvalidArgumentError */
export function parseMoment(text: string): number {
  const ms = momentOf(text);
  if (Number.isSafeInteger(ms)) return ms;
  throw new InvalidArgumentError(
    `expected milliseconds since 1970 or a time such as 2026-11-21T09:30:00Z, found ${JSON.stringify(text)}.`,
  );
}

function momentOf(text: string): number {
  if (/^-?\d{1,16}$/.test(text)) return Number(text);
  if (DATE.test(text)) return Date.parse(text);
  const match = DATE_TIME.exec(text);
  if (match === null) return Number.NaN;
  return Date.parse(`${text.replace(' ', 'T')}${match[1] === undefined ? 'Z' : ''}`);
}
