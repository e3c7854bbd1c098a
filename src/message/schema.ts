/**
 * Kafka's message schemas as data: what a message's fields are in which versions. The files in `generated/` hold them;
 * `read.ts`, `write.ts` and `json.ts` interpret them.
 */

/** An int64: a number while that is exact, a bigint beyond 2^53. `String()` and template literals print it exactly. */
export type Int64 = number | bigint;

/** From and to, both included. */
type Versions = readonly [from: number, to: number];

/** Types without parts. A `uuid` is its 16 bytes in base64url, 22 characters. */
export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'
  | 'records';

/** One field of a message or of a struct in it. */
export interface FieldSchema {
  readonly name: string;
  readonly type: Primitive | StructSchema;
  /** A list of what `type` says. */
  readonly array?: true;
  /** The versions that have it; left out: all. */
  readonly versions?: Versions;
  /** The versions in which it may be null; left out: none. */
  readonly nullable?: Versions;
  /** Its number in the section of tagged fields. */
  readonly tag?: number;
  /** The versions in which it stands in that section. */
  readonly tagged?: Versions;
  /** What it is where it is not given; left out: zero, false, empty. */
  readonly default?: null | boolean | Int64 | string;
  /** Whether a version without it drops it; left out: writing another value than the default is an error. */
  readonly ignorable?: true;
  /** False: never in the compact form, not even in flexible versions. */
  readonly compact?: false;
}

/** Fields that belong together. */
export interface StructSchema {
  readonly name: string;
  readonly fields: readonly FieldSchema[];
}

/** A tagged field that the schema does not have: a newer Kafka's. */
export interface UnknownTaggedField {
  readonly tag: number;
  readonly bytes: Uint8Array;
}

declare const valueType: unique symbol;

/** The schema of a message whose values are `T`s. */
export interface Message<T> extends StructSchema {
  /** The number that stands for it: a record's type, or the key of an API. */
  readonly apiKey?: number;
  readonly versions: Versions;
  /** The first version with compact forms and tagged fields; left out: none has them. */
  readonly flexible?: number;
  /** Never there: it ties the type to the schema. */
  readonly [valueType]?: (value: T) => T;
}

/** A message of any type. */
export type AnyMessage = StructSchema & Pick<Message<unknown>, 'apiKey' | 'versions' | 'flexible'>;

/** The key and the value of records of one type. */
export interface RecordMessages {
  readonly key: AnyMessage;
  readonly value: AnyMessage;
}
