/** Parses what the command line says, strictly: what is not understood is refused by name, never guessed. */
import { InvalidArgumentError } from 'commander';
import { BYTE_ENCODINGS, type ByteEncoding } from '../inspect/byte-encoding.ts';
import { CODEC_IDS } from '../engine/contract.ts';
import type { Codec, ReadIsolation } from '../log/options.ts';
import type { Partitioner } from '../store/topic-writer.ts';

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;

/** A whole number within int64. */
export function parseInt64(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text))
    throw new InvalidArgumentError(`expected a whole number, found ${JSON.stringify(text)}.`);
  const value = BigInt(text);
  if (value < MIN_INT64 || value > MAX_INT64)
    throw new InvalidArgumentError(`expected a number within int64, found ${text}.`);
  return value;
}

/** A whole number from `min` to what a double counts exactly. */
function wholeNumber(what: string, min: number): (text: string) => number {
  return (text) => {
    const value = parseInt64(text);
    if (value < BigInt(min) || value > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new InvalidArgumentError(`expected ${what} from ${min} to ${Number.MAX_SAFE_INTEGER}, found ${text}.`);
    }
    return Number(value);
  };
}

export const parseOffset: (text: string) => number = wholeNumber('an offset', 0);
export const parseOffsetOrAll: (text: string) => number = wholeNumber('an offset, or -1 for all,', -1);
export const parseTime: (text: string) => number = wholeNumber('milliseconds since 1970', 0);
export const parseLimit: (text: string) => number = wholeNumber('a number of records', 0);
export const parseCount: (text: string) => number = wholeNumber('a whole number', 0);
export const parsePositiveCount: (text: string) => number = wholeNumber('a whole number', 1);
export const parseBatchRecords: (text: string) => number = wholeNumber('a number of records', 1);

function oneOf<T extends string>(values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value === text);
    if (found === undefined)
      throw new InvalidArgumentError(`expected one of ${values.join(', ')}, found ${JSON.stringify(text)}.`);
    return found;
  };
}

export const parseEncoding: (text: string) => ByteEncoding = oneOf(BYTE_ENCODINGS);
export const parseCodec: (text: string) => Codec = oneOf(Object.keys(CODEC_IDS) as Codec[]);
export const parsePartitioner: (text: string) => Partitioner = oneOf(['default', 'sticky', 'round-robin']);
export const parseIsolation: (text: string) => ReadIsolation = oneOf(['read_uncommitted', 'read_committed']);

/** Collects `--config name=value`, which may repeat. */
export function collectConfig(
  text: string,
  previous: readonly (readonly [string, string])[] = [],
): (readonly [string, string])[] {
  const equals = text.indexOf('=');
  if (equals <= 0) throw new InvalidArgumentError(`expected name=value, found ${JSON.stringify(text)}.`);
  return [...previous, [text.slice(0, equals), text.slice(equals + 1)]];
}

/** `--bytes` as given, or its default: utf8 for people, base64 for programs. */
export function encodingOf(options: { readonly bytes?: ByteEncoding; readonly json?: boolean }): ByteEncoding {
  return options.bytes ?? (options.json === true ? 'base64' : 'utf8');
}

export const BYTES_OPTION = '--bytes <encoding>';
export const BYTES_HELP =
  'how keys, values and headers are written: base64, utf8 or hex (default: utf8 in text, base64 in JSON)';

export const THREADS_OPTION = '--threads <count>';
export const THREADS_HELP = 'how many threads, up to 16; 0 is none besides the first (default: one a processor)';

export const CONFIG_OPTION = '--config <name=value>';
export const CONFIG_HELP = "a log config in Kafka's name, such as segment.bytes=1048576; may repeat";
