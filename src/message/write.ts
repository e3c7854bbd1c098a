/** Writes a message: a value to bytes, as its schema says. */
import { SeglogError } from '../errors/errors.ts';
import { type FieldPlan, isUsual, planOf, type StructPlan, type StructValue, type Value } from './plan.ts';
import type { Int64, Message, Primitive, UnknownTaggedField } from './schema.ts';
import { MessageWriter } from './writer.ts';

/**
 * Writes one message in the very bytes that Kafka would write.
 *
 * @throws SeglogError `UNSUPPORTED_VERSION`; `INVALID_ARGUMENT` for a value that the version cannot hold
 */
export function writeMessage<T>(message: Message<T>, writer: MessageWriter, value: T, version: number): void {
  const plan = planOf(message, version);
  try {
    writeStruct(writer, plan, value as StructValue, message.name);
  } catch (cause) {
    if (cause instanceof SeglogError) throw cause;
    // Node's own words for a number that is out of range, or no number at all.
    throw new SeglogError('INVALID_ARGUMENT', `${message.name} cannot be written: ${String(cause)}`, { cause });
  }
}

function refuse(where: string, expected: string, found: string): SeglogError {
  return new SeglogError('INVALID_ARGUMENT', `${where} cannot be written`, { expected, found });
}

function writeStruct(writer: MessageWriter, plan: StructPlan, value: StructValue, where: string): void {
  for (const field of plan.fields) {
    const one = (value[field.name] ?? null) as Value;
    if (field.place === 'body') writeField(writer, field, one, where);
    else if (field.place === 'absent' && !field.ignorable && !isUsual(field, one))
      throw refuse(`${where}.${field.name}`, 'its default in a version without it', 'another value');
  }
  if (plan.flexible) writeTagged(writer, plan, value, where);
}

function writeTagged(writer: MessageWriter, plan: StructPlan, value: StructValue, where: string): void {
  const unknown = (value.unknownTaggedFields ?? []) as readonly UnknownTaggedField[];
  const known = plan.tagged
    .filter((field) => !isUsual(field, (value[field.name] ?? null) as Value))
    .map((field) => ({ tag: field.tag, bytes: taggedBytes(field, (value[field.name] ?? null) as Value, where) }));
  const entries = [...known, ...unknown].sort((a, b) => a.tag - b.tag);
  writer.uvarint(entries.length);
  for (const { tag, bytes } of entries) {
    writer.uvarint(tag);
    writer.uvarint(bytes.length);
    writer.raw(bytes);
  }
}

function taggedBytes(field: FieldPlan, value: Value, where: string): Uint8Array {
  const writer = new MessageWriter();
  writeField(writer, field, value, where);
  return writer.bytes;
}

function writeField(writer: MessageWriter, field: FieldPlan, value: Value, parent: string): void {
  const { array, nullable, struct, primitive, compact, place } = field;
  const where = `${parent}.${field.name}`;
  if (value === null && !nullable) throw refuse(where, 'a value', 'null');
  if (array) {
    writer.count(value === null ? -1 : (value as readonly Value[]).length, compact, 4);
    for (const element of (value ?? []) as readonly Value[]) writeOne(writer, field, element, where);
  } else if (struct === undefined) {
    writePrimitive(writer, primitive ?? 'bool', compact, value);
  } else {
    if (nullable && place === 'tag') writer.uvarint(value === null ? 0 : 1);
    else if (nullable) writer.int8(value === null ? -1 : 1);
    if (value !== null) writeStruct(writer, struct, value as StructValue, where);
  }
}

/** An element of an array. */
function writeOne(writer: MessageWriter, { struct, primitive, compact }: FieldPlan, value: Value, where: string): void {
  if (value === null) throw refuse(where, 'elements that are not null', 'null');
  if (struct === undefined) writePrimitive(writer, primitive ?? 'bool', compact, value);
  else writeStruct(writer, struct, value as StructValue, where);
}

function writePrimitive(writer: MessageWriter, type: Primitive, compact: boolean, value: Value): void {
  switch (type) {
    case 'bool':
      return writer.bool(value as boolean);
    case 'int64':
      return writer.int64(value as Int64);
    case 'float64':
      return writer.float64(value as number);
    case 'uuid':
      return writer.uuid(value as string);
    case 'string':
      return writeSized(writer, value === null ? null : Buffer.from(value as string, 'utf8'), compact, 2);
    case 'bytes':
    case 'records':
      return writeSized(writer, value as Uint8Array | null, compact, 4);
    default:
      // Node would round.
      if (!Number.isInteger(value)) throw new TypeError(`${typeof value} where a whole number must be`);
      return writer[type](value as number);
  }
}

function writeSized(writer: MessageWriter, bytes: Uint8Array | null, compact: boolean, plainSize: 2 | 4): void {
  writer.count(bytes === null ? -1 : bytes.length, compact, plainSize);
  if (bytes !== null) writer.raw(bytes);
}
