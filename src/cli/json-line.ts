/** Plain data as one line of JSON that a terminal can be shown too. */
import { jsonString } from '../inspect/byte-encoding.ts';

/** What a line may hold. */
export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** JSON without line breaks; see {@link jsonString}. */
export function jsonText(value: JsonValue): string {
  if (typeof value === 'string') return jsonString(value);
  if (typeof value !== 'object' || value === null) return String(value);
  if (isList(value)) return `[${value.map(jsonText).join(',')}]`;
  return `{${Object.entries(value)
    .map(([name, field]) => `${jsonString(name)}:${jsonText(field)}`)
    .join(',')}}`;
}

/** `Array.isArray` does not know read-only arrays. */
function isList(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
