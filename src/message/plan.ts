/** What a struct is in one version: worked out once from its schema, then followed by reading, writing and printing. */
import { SeglogError } from '../errors/errors.ts';
import type { AnyMessage, FieldSchema, Int64, Primitive, StructSchema, UnknownTaggedField } from './schema.ts';

/** What a field holds. */
export type Value = null | boolean | Int64 | string | Uint8Array | readonly Value[] | StructValue;

/** What a struct holds: its fields by name. */
export interface StructValue {
  readonly [name: string]: Value | readonly UnknownTaggedField[] | undefined;
}

/** One field in one version. */
export interface FieldPlan {
  readonly name: string;
  /** `body`: in its turn. `tag`: in the section of tagged fields. `absent`: this version does not have it. */
  readonly place: 'body' | 'tag' | 'absent';
  readonly tag: number;
  readonly array: boolean;
  readonly nullable: boolean;
  /** Whether lengths and counts are compact. */
  readonly compact: boolean;
  readonly ignorable: boolean;
  readonly primitive: Primitive | undefined;
  /** Set where `primitive` is not. */
  readonly struct: StructPlan | undefined;
  /** What it is where it is not given. */
  readonly usual: Value;
  /** The fewest bytes that one value, or one element of the array, can take. */
  readonly leastBytes: number;
}

/** One struct in one version. */
export interface StructPlan {
  /** Whether a section of tagged fields follows. */
  readonly flexible: boolean;
  /** In the schema's order, those included that this version does not have. */
  readonly fields: readonly FieldPlan[];
  /** Those in the section of tagged fields. */
  readonly tagged: readonly FieldPlan[];
  readonly leastBytes: number;
  /** With every field as it is where it is not given. */
  readonly usual: StructValue;
}

const FIXED_SIZE: Readonly<Partial<Record<Primitive, number>>> = {
  ...{ bool: 1, int8: 1, int16: 2, uint16: 2, int32: 4, uint32: 4, int64: 8, float64: 8, uuid: 16 },
};
const ZERO_UUID = 'A'.repeat(22);
const NO_BYTES = new Uint8Array(0);

function within(versions: readonly [number, number] | undefined, version: number): boolean {
  return versions !== undefined && version >= versions[0] && version <= versions[1];
}

function usualOf({ type, array, default: given, nullable }: FieldSchema, struct: StructPlan | undefined): Value {
  if (given !== undefined) return given;
  if (array === true) return [];
  if (struct !== undefined) return struct.usual;
  if (type === 'string') return '';
  if (type === 'uuid') return ZERO_UUID;
  if (type === 'bool') return false;
  if (type === 'records') return nullable === undefined ? NO_BYTES : null;
  return type === 'bytes' ? NO_BYTES : 0;
}

function leastOf(primitive: Primitive, compact: boolean): number {
  return FIXED_SIZE[primitive] ?? (compact ? 1 : primitive === 'string' ? 2 : 4);
}

function planField(field: FieldSchema, version: number, flexible: boolean): FieldPlan {
  const { name, type, tag = -1 } = field;
  const compact = flexible && field.compact !== false;
  const struct = typeof type === 'string' ? undefined : planStruct(type, version, flexible);
  const primitive = typeof type === 'string' ? type : undefined;
  const present = field.versions === undefined || within(field.versions, version);
  return {
    name,
    place: present ? (within(field.tagged, version) ? 'tag' : 'body') : 'absent',
    tag,
    array: field.array === true,
    nullable: within(field.nullable, version),
    compact,
    ignorable: field.ignorable === true,
    primitive,
    struct,
    usual: usualOf(field, struct),
    leastBytes: struct === undefined ? leastOf(primitive ?? 'bool', compact) : struct.leastBytes,
  };
}

/** Of a field in the body: an array may be empty, a struct null. */
function leastInBody({ array, nullable, struct, compact, leastBytes }: FieldPlan): number {
  if (array) return compact ? 1 : 4;
  return struct !== undefined && nullable ? 1 : leastBytes;
}

function planStruct(schema: StructSchema, version: number, flexible: boolean): StructPlan {
  const fields = schema.fields.map((field) => planField(field, version, flexible));
  const body = fields.filter(({ place }) => place === 'body');
  return {
    flexible,
    fields,
    tagged: fields.filter(({ place }) => place === 'tag'),
    leastBytes: body.reduce((sum, field) => sum + leastInBody(field), flexible ? 1 : 0),
    usual: Object.fromEntries(fields.map(({ name, usual }) => [name, usual])),
  };
}

const plans = new WeakMap<AnyMessage, Map<number, StructPlan>>();

/** The plan of a message. @throws SeglogError `UNSUPPORTED_VERSION` */
export function planOf(message: AnyMessage, version: number): StructPlan {
  const { name, versions, flexible } = message;
  if (version < versions[0] || version > versions[1]) {
    throw new SeglogError('UNSUPPORTED_VERSION', `${name} has no version ${version} that is known here`, {
      expected: `${versions[0]} to ${versions[1]}`,
      found: version,
    });
  }
  const known = plans.get(message) ?? new Map<number, StructPlan>();
  plans.set(message, known);
  const plan = known.get(version) ?? planStruct(message, version, flexible !== undefined && version >= flexible);
  known.set(version, plan);
  return plan;
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** Whether all that `a` holds is in `b`, which is a default: it has every field, and its lists are empty. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (isBytes(a) || isBytes(b)) return isBytes(a) && isBytes(b) && Buffer.compare(a, b) === 0;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  return Object.entries(a).every(([name, value]) => isSame(value, (b as StructValue)[name]));
}

/** Whether a value is what the field is where it is not given. */
export function isUsual(field: FieldPlan, value: Value): boolean {
  return isSame(value, field.usual);
}
