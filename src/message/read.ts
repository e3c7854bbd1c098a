/** Reads a message: bytes to a value, as its schema says. */
import { type FieldPlan, planOf, type StructPlan, type StructValue, type Value } from './plan.ts';
import type { MessageReader } from './reader.ts';
import type { Message, Primitive, UnknownTaggedField } from './schema.ts';

/**
 * Reads one message. Fields that the version does not have are what they are by default; bytes are views of what the
 * reader was given; tagged fields that the schema does not have are kept as `unknownTaggedFields`. The reader stands behind
 * the message then: whether bytes may follow is for the caller to say.
 *
 * @throws SeglogError `UNSUPPORTED_VERSION`; `INVALID_RECORD` for bytes that are no such message
 */
export function readMessage<T>(message: Message<T>, reader: MessageReader, version: number): T {
  const plan = planOf(message, version);
  reader.message = message.name;
  return readStruct(reader, plan) as T;
}

function readStruct(reader: MessageReader, plan: StructPlan): StructValue {
  const value: Record<string, StructValue[string]> = {};
  for (const field of plan.fields) {
    if (field.place === 'body') {
      reader.field = field.name;
      value[field.name] = readField(reader, field);
    } else value[field.name] = field.usual;
  }
  if (plan.flexible) {
    const unknown = readTagged(reader, plan, value);
    if (unknown.length > 0) value.unknownTaggedFields = unknown;
  }
  return value;
}

/** The section of tagged fields: their count, then each one's tag, size and bytes, the tags rising. */
function readTagged(
  reader: MessageReader,
  plan: StructPlan,
  value: Record<string, StructValue[string]>,
): UnknownTaggedField[] {
  const unknown: UnknownTaggedField[] = [];
  reader.field = 'tagged fields';
  let last = -1;
  for (let left = reader.uvarint(); left > 0; left--) {
    const at = reader.position;
    const tag = reader.uvarint();
    const size = reader.uvarint();
    if (tag <= last) throw reader.wrong(`a tag above ${last}`, tag, at);
    last = tag;
    const end = reader.position + size;
    const field = plan.tagged.find((one) => one.tag === tag);
    if (field === undefined) {
      unknown.push({ tag, bytes: reader.view(size) });
      continue;
    }
    reader.field = field.name;
    value[field.name] = readField(reader, field);
    if (reader.position !== end) throw reader.wrong(`a tagged field of ${size} bytes`, reader.position - end + size);
  }
  return unknown;
}

function readField(reader: MessageReader, field: FieldPlan): Value {
  const { array, nullable, struct, primitive, compact } = field;
  if (array) return readArray(reader, field);
  if (struct === undefined) return readPrimitive(reader, primitive ?? 'bool', compact, nullable);
  if (nullable && !readPresence(reader, field)) return null;
  return readStruct(reader, struct);
}

/** Before a struct that may be null stands whether it is there: an int8 of -1 for null, among tagged fields a varint of 0. */
function readPresence(reader: MessageReader, { place }: FieldPlan): boolean {
  return place === 'tag' ? reader.uvarint() > 0 : reader.int8() >= 0;
}

function readArray(reader: MessageReader, field: FieldPlan): Value {
  const { struct, primitive, compact, leastBytes, name } = field;
  const at = reader.position;
  const count = reader.count(compact, 4);
  if (count < 0) return nothing(reader, field.nullable, at);
  // A count is believed as far as there are bytes for it; elements of no bytes at all are held to one each.
  if (count > reader.left / Math.max(1, leastBytes))
    throw reader.wrong(`a count for which ${reader.left} bytes suffice`, count, at);
  const values = count * Math.max(1, struct?.fields.length ?? 1);
  if (values > reader.valuesLeft) throw reader.wrong(`at most ${reader.valuesLeft} more values`, values, at);
  reader.valuesLeft -= values;
  const elements: Value[] = [];
  for (let i = 0; i < count; i++) {
    reader.field = name;
    elements.push(
      struct === undefined ? readPrimitive(reader, primitive ?? 'bool', compact, false) : readStruct(reader, struct),
    );
  }
  return elements;
}

function nothing(reader: MessageReader, nullable: boolean, at: number): null {
  if (!nullable) throw reader.wrong('a value', 'null', at);
  return null;
}

function readPrimitive(reader: MessageReader, type: Primitive, compact: boolean, nullable: boolean): Value {
  switch (type) {
    case 'string':
    case 'bytes':
    case 'records': {
      const at = reader.position;
      const size = reader.count(compact, type === 'string' ? 2 : 4);
      if (size < 0) return nothing(reader, nullable, at);
      return type === 'string' ? reader.text(size) : reader.view(size);
    }
    default:
      return reader[type]();
  }
}
