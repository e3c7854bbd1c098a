/** Values for messages of any schema, seeded. */
import { type FieldPlan, planOf, type StructPlan, type StructValue, type Value } from '../../src/message/plan.ts';
import type { AnyMessage, Primitive } from '../../src/message/schema.ts';
import type { Random } from './random.ts';

const LETTERS = ['a', 'b', 'Z', '0', ' ', '-', '.', '"', '\\', '/', '{', '}', 'é', '€', '猫', '😀'];
const INT64S = [0, -1, 2 ** 53 - 1, 2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)];
const RANGES: Readonly<Partial<Record<Primitive, [number, number]>>> = {
  int8: [-0x80, 0x7f],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
};

function primitive(type: Primitive, random: Random): Value {
  switch (type) {
    case 'bool':
      return random.chance(0.5);
    case 'int64':
      return random.chance(0.5) ? random.pick(INT64S) : random.between(-1000, 2 ** 45);
    case 'float64':
      return random.pick([0.5, -3, 1e300, 12345.678]);
    case 'uuid':
      return random.bytes(16).toString('base64url');
    case 'string':
      return Array.from({ length: random.between(0, 12) }, () => random.pick(LETTERS)).join('');
    case 'bytes':
    case 'records':
      return Uint8Array.from(random.bytes(random.between(0, 200)));
    default: {
      const [from, to] = RANGES[type] ?? [0, 0];
      return random.chance(0.3) ? random.pick([from, to]) : random.between(from, to);
    }
  }
}

function one({ struct, primitive: type }: FieldPlan, random: Random): Value {
  return struct === undefined ? primitive(type ?? 'bool', random) : structValue(struct, random);
}

function fieldValue(field: FieldPlan, random: Random): Value {
  if (field.place === 'absent' || random.chance(0.15)) return field.usual;
  if (field.nullable && random.chance(0.2)) return null;
  if (!field.array) return one(field, random);
  return Array.from({ length: random.between(0, 3) }, () => one(field, random));
}

function structValue(plan: StructPlan, random: Random): StructValue {
  return Object.fromEntries(plan.fields.map((field) => [field.name, fieldValue(field, random)]));
}

/** A value that the version can hold; fields that it does not have are as they are by default. */
export function messageValue(message: AnyMessage, version: number, random: Random): StructValue {
  return structValue(planOf(message, version), random);
}

/** The versions of a message. */
export function versionsOf({ versions: [from, to] }: AnyMessage): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
