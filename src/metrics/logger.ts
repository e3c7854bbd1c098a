/** Where a log and a store tell what they do. The library itself prints nothing. */

/** Fields and a text for people. */
type Tell = (fields: Record<string, unknown>, message: string) => void;

/**
 * A logger of pino's shape: one of pino itself can be given as it is. It is called in the middle of the work: it must not wait, nor
 * call the log. What it throws is dropped.
 */
export interface Logger {
  readonly debug: Tell;
  readonly info: Tell;
  readonly warn: Tell;
  readonly error: Tell;
}
