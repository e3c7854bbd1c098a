/** What a decoder makes of one side of a record. */
import type { Decoded, DecodeKind, RecordDecoder } from '../../../src/inspect/decode/contract.ts';
import { recordDecoder } from '../../../src/inspect/decode/decoders.ts';

export function decoderOf(kind: DecodeKind, topic?: string): RecordDecoder {
  const decoder = recordDecoder(kind, topic);
  if (decoder === undefined) throw new Error(`there is no decoder ${kind} for ${topic}`);
  return decoder;
}

/** The bytes as a value. */
export function decodeValue(kind: DecodeKind, bytes: Uint8Array): Decoded {
  const { value } = decoderOf(kind).decode(null, bytes);
  if (value === undefined) throw new Error('nothing was decoded');
  return value;
}

/** Bytes from hex with spaces. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replace(/ /g, ''), 'hex');
}
