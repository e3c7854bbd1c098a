/** From the text of one of Kafka's message schemas to the schema that src/message works with (src/message/schema.ts). */

const PRIMITIVES = new Set('bool int8 int16 uint16 int32 uint32 int64 float64 uuid string bytes records'.split(' '));
const HIGHEST = 0x7fff;

/** `"3-13"`, `"9+"`, `"1"` and `"none"` as [from, to], or undefined. */
function range(text) {
  if (text === undefined || text === 'none') return undefined;
  const [from, to] = text.endsWith('+') ? [text.slice(0, -1), HIGHEST] : text.split('-');
  return [Number(from), Number(to ?? from)];
}

/** What two ranges share, or undefined. */
function both(a, b) {
  if (a === undefined || b === undefined) return undefined;
  const [from, to] = [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
  return from > to ? undefined : [from, to];
}

function same(a, b) {
  return a !== undefined && a[0] === b[0] && a[1] === b[1];
}

/** Comments start with `//` and stand outside of strings. */
function withoutComments(text) {
  return text.replace(/("(?:[^"\\\n]|\\.)*")|\/\/.*/g, (_, string) => string ?? '');
}

function lowerFirst(name) {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function int64(text) {
  const value = BigInt(text);
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

/** Schemas give defaults as text or as what they are. */
function defaultOf(type, given) {
  const text = String(given);
  if (text === 'null') return null;
  if (type === 'string') return text;
  if (type === 'bool') return text === 'true';
  return type === 'float64' ? Number(text) : int64(text);
}

/** What a field is in every version unless told otherwise: these need not be said. */
function isUsual(type, value) {
  return value === (type === 'string' ? '' : type === 'bool' ? false : 0);
}

function structOf(name, fields, versions, commons) {
  const given = fields ?? commons.get(name)?.fields;
  if (given === undefined) throw new Error(`there is no struct ${name}`);
  return { name, common: fields === undefined, fields: given.map((field) => fieldOf(field, versions, commons)) };
}

function fieldOf(given, messageVersions, commons) {
  const tagged = both(range(given.taggedVersions), messageVersions);
  const versions = both(range(given.versions ?? given.taggedVersions), messageVersions) ?? [-1, -1];
  const nullable = both(range(given.nullableVersions), versions);
  const array = given.type.startsWith('[]');
  const typeName = array ? given.type.slice(2) : given.type;
  const isPrimitive = PRIMITIVES.has(typeName);
  const type = isPrimitive ? typeName : structOf(typeName, given.fields, messageVersions, commons);
  // A default of null is the text "null"; Kafka's generator takes JSON's own null for none given.
  const usual =
    (given.default ?? undefined) === undefined
      ? undefined
      : defaultOf(isPrimitive ? typeName : 'struct', given.default);
  if (given.flexibleVersions !== undefined && given.flexibleVersions !== 'none')
    throw new Error(`${given.name}: flexible versions of its own, ${given.flexibleVersions}`);
  return {
    name: lowerFirst(given.name),
    type,
    ...(array ? { array: true } : {}),
    ...(same(versions, messageVersions) ? {} : { versions }),
    ...(nullable === undefined ? {} : { nullable }),
    ...(tagged === undefined ? {} : { tag: given.tag, tagged }),
    ...(usual === undefined || (usual !== null && isUsual(typeName, usual)) ? {} : { default: usual }),
    ...(given.ignorable === true ? { ignorable: true } : {}),
    ...(given.flexibleVersions === 'none' ? { compact: false } : {}),
  };
}

/** @returns the message, or undefined for one that no version is left of */
export function parseSchema(text) {
  const given = JSON.parse(withoutComments(text));
  const versions = range(given.validVersions);
  if (versions === undefined) return undefined;
  const commons = new Map((given.commonStructs ?? []).map((struct) => [struct.name, struct]));
  const flexible = both(range(given.flexibleVersions), versions);
  return {
    name: given.name,
    ...(given.apiKey === undefined ? {} : { apiKey: given.apiKey }),
    kind: given.type,
    versions,
    ...(flexible === undefined ? {} : { flexible: flexible[0] }),
    fields: given.fields.map((field) => fieldOf(field, versions, commons)),
  };
}
