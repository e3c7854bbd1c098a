/** What a cleaner's thread and its owner tell each other. Plain data; errors are taken apart and put together again. */
import { ERROR_CODES, type ErrorCode, type ErrorDetails, SeglogError } from '../errors/errors.ts';
import type { CleanedGroup, CleanProgress, CleanRequest, CleanRound } from './contract.ts';
import type { RetentionProposal, RetentionRequest } from './retention.ts';
import type { UnlinkRequest } from './unlink.ts';

/** The kinds of work: what is asked, and what comes of it. */
export interface CleanerWork {
  readonly clean: { readonly request: CleanRequest; readonly result: CleanRound };
  readonly propose: { readonly request: RetentionRequest; readonly result: RetentionProposal };
  readonly unlink: { readonly request: UnlinkRequest; readonly result: undefined };
}

/** A piece of work. A thread does one at a time. */
export type WorkRequest = {
  [Kind in keyof CleanerWork]: { readonly kind: Kind; readonly request: CleanerWork[Kind]['request'] };
}[keyof CleanerWork];

/** What comes of a piece of work. */
export type WorkResult = CleanerWork[keyof CleanerWork]['result'];

/** What a thread is told. */
export type ToCleaner =
  | WorkRequest
  /** The group that it told of was swapped, or not: then the round ends. */
  | { readonly kind: 'swapped'; readonly failure: TornError | undefined }
  /** The round is to end between two chunks. */
  | { readonly kind: 'stop' };

/** What a thread tells. After `group` it waits for `swapped`; `done` and `failed` end a piece of work. */
export type FromCleaner =
  | { readonly kind: 'progress'; readonly progress: CleanProgress }
  | { readonly kind: 'group'; readonly group: CleanedGroup }
  | { readonly kind: 'done'; readonly result: WorkResult }
  | { readonly kind: 'failed'; readonly failure: TornError };

/** An error as data. */
export interface TornError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** Takes an error apart. */
export function tearError(error: unknown): TornError {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof SeglogError)) return { code: 'INTERNAL', message, details: {} };
  const { code, file, position, baseOffset, lastOffset, nextPosition, expected, found, action, errno } = error;
  const fields = { file, position, baseOffset, lastOffset, nextPosition, expected, found, action, errno };
  const details = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
  return { code, message, details };
}

/** Puts it together again: the same code, details and text. */
export function mendError({ code, message, details }: TornError): SeglogError {
  const isKnown = (ERROR_CODES as readonly string[]).includes(code);
  const error = new SeglogError(isKnown ? code : 'INTERNAL', '', details);
  // The text has the details in it already.
  error.message = message;
  return error;
}
