/** What stands for bytes that no decoder can make sense of: why, and the bytes, so that nothing is lost. */
import { SeglogError } from '../../errors/errors.ts';
import { jsonString } from '../byte-encoding.ts';
import type { Decoded } from './contract.ts';

/** `{"unknown":"type 99","bytes":"AGM="}` */
export function unknown(why: string, bytes: Uint8Array): Decoded {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
  return { json: `{"unknown":${jsonString(why)},"bytes":"${base64}"}`, known: false };
}

/** The same for text that reads better than its bytes: `{"unknown":"not JSON","text":"user-7"}` */
export function unknownText(why: string, text: string): Decoded {
  return { json: `{"unknown":${jsonString(why)},"text":${jsonString(text)}}`, known: false };
}

/** What `decode` makes of the bytes, or, where it raises, the reason and the bytes. */
export function orUnknown(bytes: Uint8Array, decode: () => string): Decoded {
  try {
    return { json: decode(), known: true };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof SeglogError && error.code === 'INTERNAL') throw error;
    return unknown(error.message, bytes);
  }
}
