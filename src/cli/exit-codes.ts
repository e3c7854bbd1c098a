/** What a run's end says to the shell, and how errors are told: one line each, on stderr. */
import { CommanderError } from 'commander';
import { type ErrorCode, SeglogError } from '../errors/errors.ts';
import { printable } from '../inspect/byte-encoding.ts';

export const EXIT = {
  ok: 0,
  /** The bytes that were looked at are not as they should be. */
  findings: 1,
  /** Wrong usage, or the machine said no. */
  failed: 2,
} as const;
/** One of {@link EXIT}. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** Codes that tell of the bytes on the disk; everything else is the caller's or the machine's. */
const ABOUT_BYTES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'BATCH_SIZE_INVALID',
  'BATCH_TRUNCATED',
  'BATCH_CRC_MISMATCH',
  'UNSUPPORTED_MAGIC',
  'UNSUPPORTED_CODEC',
  'INVALID_RECORD',
  'CORRUPT_COMPRESSED_DATA',
  'DECOMPRESSED_TOO_LARGE',
  'CORRUPT_INDEX',
  'CORRUPT_CHECKPOINT',
  'CORRUPT_SNAPSHOT',
  'UNSUPPORTED_VERSION',
  'LOG_CORRUPT',
  'SEGMENTS_OVERLAP',
  'RECOVERY_REFUSED',
  'OFFSET_OVERFLOW',
  'OFFSETS_OUT_OF_ORDER',
  'OFFSET_NOT_EXACT',
  'TIMESTAMP_NOT_EXACT',
]);

/** Whether an error is a finding about bytes. */
export function isFinding(error: unknown): error is SeglogError {
  return error instanceof SeglogError && ABOUT_BYTES.has(error.code);
}

/** Thrown to end a run whose error has been told already. */
export class ToldError extends Error {
  readonly exitCode: ExitCode;

  constructor(exitCode: ExitCode) {
    super('told');
    this.exitCode = exitCode;
  }
}

/** Something wrong with what the user typed or sent. */
export function usageError(message: string): SeglogError {
  return new SeglogError('INVALID_ARGUMENT', message);
}

/** The exit code for an error. */
export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof ToldError) return error.exitCode;
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.failed;
  return isFinding(error) ? EXIT.findings : EXIT.failed;
}

/** Writes a diagnostic line to stderr; nothing in it can steer a terminal. */
export function tell(text: string): void {
  process.stderr.write(`seglog: ${printable(text)}\n`);
}

/** Tells of an error in one line. `SEGLOG_DEBUG` adds the stack. */
export function tellError(error: unknown): void {
  // Commander has printed its own, and a told one was told.
  if (error instanceof ToldError || error instanceof CommanderError) return;
  if (error instanceof SeglogError) {
    const next = error.nextPosition === undefined ? '' : `; the next batch is at byte ${error.nextPosition}`;
    tell(`${error.code}: ${error.message}${next}`);
  } else {
    tell(`INTERNAL: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (process.env['SEGLOG_DEBUG'] !== undefined && process.env['SEGLOG_DEBUG'] !== '' && error instanceof Error) {
    process.stderr.write(`${printable(error.stack ?? '').replaceAll('\\n', '\n')}\n`);
  }
}
