/** Messages in records: whole, and as JSON that a terminal can be shown. */
import { messageJson } from '../../message/json.ts';
import { readMessage } from '../../message/read.ts';
import { MessageReader } from '../../message/reader.ts';
import type { AnyMessage, Message } from '../../message/schema.ts';
import { jsonString } from '../byte-encoding.ts';
import { MAX_VALUES } from './limits.ts';

/** How the bytes in a message's field are printed where they are a message themselves. */
export type BytesForm = (field: string, bytes: Uint8Array) => string | undefined;

/** A reader of the message that starts at `start`, held to {@link MAX_VALUES}. */
export function recordReader(bytes: Uint8Array, start = 0): MessageReader {
  const reader = new MessageReader(bytes, start);
  reader.valuesLeft = MAX_VALUES;
  return reader;
}

/**
 * The JSON of the message at the reader.
 *
 * @throws SeglogError as `readMessage`, and `INVALID_RECORD` where bytes follow that are not the message's
 */
export function readAsJson(message: AnyMessage, reader: MessageReader, version: number, bytes?: BytesForm): string {
  const typed = message as Message<unknown>;
  const value = readMessage(typed, reader, version);
  reader.field = '';
  if (reader.left > 0) throw reader.wrong('no more bytes', reader.left);
  return messageJson(typed, value, version, bytes === undefined ? { quote: jsonString } : { quote: jsonString, bytes });
}
