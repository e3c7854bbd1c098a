/** Where the lines of a small text file are, in bytes, and whether the file is what Kafka would write. */
import { SeglogError } from '../../../errors/errors.ts';
import type { Finding } from '../../findings/finding.ts';
import type { PartitionFindingCode } from '../../findings/partition-findings.ts';
import { told } from './told.ts';

/** The bytes as text of one character a byte, so that places in it are places in the file. */
export function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** Where each line of a text starts, and behind them where the text ends. */
export function lineStarts(text: string): number[] {
  const starts: number[] = [];
  for (let at = 0; at < text.length; ) {
    starts.push(at);
    const end = text.indexOf('\n', at);
    at = end === -1 ? text.length : end + 1;
  }
  starts.push(text.length);
  return starts;
}

/** Where two texts part; undefined when they are the same. */
function firstDifference(text: string, other: string): number | undefined {
  if (text === other) return undefined;
  let at = 0;
  while (at < text.length && text[at] === other[at]) at += 1;
  return at;
}

/** A finding when a file that could be read is not what its content would be written as. */
export function* checkForm(path: string, text: string, written: string): Generator<Finding, void> {
  const position = firstDifference(text, written);
  if (position === undefined) return;
  const found = text.length === position ? 'the end of the file' : JSON.stringify(text.slice(position, position + 40));
  const expected =
    written.length === position ? 'the end of the file' : JSON.stringify(written.slice(position, position + 40));
  yield told('CHECKPOINT_UNUSUAL', path, { position, expected, found });
}

/** Parses; what is refused becomes a finding. `undefined` is returned then. */
export function* parsed<T>(
  code: PartitionFindingCode,
  path: string,
  parse: () => T,
): Generator<Finding, T | undefined> {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SeglogError) || error.code === 'IO') throw error;
    const { position, expected, found, message } = error;
    yield told(code, path, { position: position ?? 0, expected, found, message: firstPart(message) });
    return undefined;
  }
}

/** What a message says before what was expected and found, which stand in fields of their own. */
function firstPart(message: string): string {
  return /^[^:(]*/.exec(message)?.[0].trim() ?? message;
}
