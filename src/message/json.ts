/**
 * A message as JSON text, in the words of Kafka's own converters: fields by name in the schema's order, bytes in base64,
 * uuids in base64url, int64 exact; fields that the version does not have are left out, and so are tagged fields that are as
 * they are by default. Beyond Kafka: tagged fields that the schema does not have are listed, in `unknownTaggedFields`, and a
 * float64 that JSON has no number for is a string, `"NaN"`.
 */
import { type FieldPlan, isUsual, planOf, type StructPlan, type StructValue, type Value } from './plan.ts';
import type { Message, UnknownTaggedField } from './schema.ts';

/** How the JSON is made. */
export interface JsonForm {
  /** Makes a JSON string literal. */
  readonly quote: (text: string) => string;
  /** The JSON of a field's bytes where they have a form of their own; undefined: base64. */
  readonly bytes?: (field: string, bytes: Uint8Array) => string | undefined;
}

const PLAIN: JsonForm = { quote: JSON.stringify };

/** The message as JSON, on one line. @throws SeglogError `UNSUPPORTED_VERSION` */
export function messageJson<T>(message: Message<T>, value: T, version: number, form: JsonForm = PLAIN): string {
  return structJson(planOf(message, version), value as StructValue, form);
}

function structJson(plan: StructPlan, value: StructValue, form: JsonForm): string {
  const members: string[] = [];
  for (const field of plan.fields) {
    if (field.place === 'absent') continue;
    const one = (value[field.name] ?? null) as Value;
    if (field.place === 'tag' && isUsual(field, one)) continue;
    members.push(`"${field.name}":${valueJson(field, one, form)}`);
  }
  const unknown = value.unknownTaggedFields as readonly UnknownTaggedField[] | undefined;
  if (unknown !== undefined) members.push(`"unknownTaggedFields":[${unknown.map(unknownJson).join(',')}]`);
  return `{${members.join(',')}}`;
}

function unknownJson({ tag, bytes }: UnknownTaggedField): string {
  return `{"tag":${tag},"bytes":"${base64(bytes)}"}`;
}

function valueJson(field: FieldPlan, value: Value, form: JsonForm): string {
  if (value === null) return 'null';
  if (field.array) return `[${(value as readonly Value[]).map((one) => oneJson(field, one, form)).join(',')}]`;
  return oneJson(field, value, form);
}

function oneJson({ struct, name }: FieldPlan, value: Value, form: JsonForm): string {
  if (struct !== undefined) return structJson(struct, value as StructValue, form);
  switch (typeof value) {
    case 'string':
      return form.quote(value);
    case 'number':
      if (!Number.isFinite(value)) return `"${value}"`;
      return Object.is(value, -0) ? '-0' : String(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return form.bytes?.(name, value as Uint8Array) ?? `"${base64(value as Uint8Array)}"`;
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
