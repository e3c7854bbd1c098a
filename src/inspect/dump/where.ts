/**
 * Conditions on fields, as `--where` takes them:
 *
 *     condition  = all { "or" all }
 *     all        = one { "and" one }
 *     one        = "not" one | "(" condition ")" | comparison
 *     comparison = field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) literal
 *     field      = a name of fields.ts | "header." name
 *     literal    = whole number | true | false | null | word | 'text' | "text"
 *
 * Only `=` and `!=` go with null, true and false. A field that is null equals null alone, and is neither below nor above
 * anything.
 */
import { SeglogError } from '../../errors/errors.ts';
import { type Int64, narrow } from '../int64.ts';
import { allOf, type Condition } from './condition.ts';
import {
  BATCH_FIELDS,
  type BatchField,
  type FieldType,
  type FieldValue,
  headerField,
  RECORD_FIELDS,
  type RecordField,
} from './fields.ts';

/** Nested deeper than any person types. */
const MAX_DEPTH = 100;
const TOKEN =
  /\s*(?:(?<operator><=|>=|!=|==|[=<>()])|(?<quote>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|(?<word>[^\s=<>!()'"]+))/uy;
const OPERATORS = ['=', '==', '!=', '<', '<=', '>', '>='] as const;
type Operator = (typeof OPERATORS)[number];

interface Token {
  readonly kind: 'operator' | 'quote' | 'word';
  readonly text: string;
  readonly at: number;
}

/** @throws SeglogError `INVALID_ARGUMENT`, which names the character that is not understood */
export function parseCondition(text: string): Condition {
  return new Parser(text).whole();
}

function not(condition: Condition): Condition {
  return {
    looksAtRecords: condition.looksAtRecords,
    ofBatch(batch) {
      const answer = condition.ofBatch(batch);
      return answer === undefined ? undefined : !answer;
    },
    ofRecord: (record, batch) => !condition.ofRecord(record, batch),
  };
}

class Parser {
  readonly #text: string;
  readonly #tokens: Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = this.#tokenize();
  }

  whole(): Condition {
    const condition = this.#anyOf();
    const rest = this.#peek();
    if (rest !== undefined) throw this.#error('expected "and", "or" or the end', rest);
    return condition;
  }

  #tokenize(): Token[] {
    const tokens: Token[] = [];
    let at = 0;
    while (at < this.#text.trimEnd().length) {
      TOKEN.lastIndex = at;
      const match = TOKEN.exec(this.#text);
      const start = at + (/^\s*/.exec(this.#text.slice(at))?.[0].length ?? 0);
      if (match === null) throw this.#error('this is not understood', { text: this.#text.charAt(start), at: start });
      const { operator, quote, word } = match.groups ?? {};
      if (operator !== undefined) tokens.push({ kind: 'operator', text: operator, at: start });
      else if (quote !== undefined) tokens.push({ kind: 'quote', text: quote, at: start });
      else tokens.push({ kind: 'word', text: word ?? '', at: start });
      at = TOKEN.lastIndex;
    }
    return tokens;
  }

  #anyOf(): Condition {
    // `a or b` is `not (not a and not b)`.
    const parts = [this.#allOf()];
    while (this.#takeWord('or')) parts.push(this.#allOf());
    return parts.length === 1 ? (parts[0] as Condition) : not(allOf(parts.map(not)));
  }

  #allOf(): Condition {
    const parts = [this.#one()];
    while (this.#takeWord('and')) parts.push(this.#one());
    return parts.length === 1 ? (parts[0] as Condition) : allOf(parts);
  }

  #one(): Condition {
    const first = this.#peek();
    if (++this.#depth > MAX_DEPTH) throw this.#error('conditions are nested too deep', first);
    try {
      if (this.#takeWord('not')) return not(this.#one());
      if (first?.kind !== 'operator' || first.text !== '(') return this.#comparison();
      this.#next++;
      const inner = this.#anyOf();
      const close = this.#peek();
      if (close?.kind !== 'operator' || close.text !== ')') throw this.#error('expected ")"', close);
      this.#next++;
      return inner;
    } finally {
      this.#depth--;
    }
  }

  #comparison(): Condition {
    const name = this.#take();
    if (name?.kind !== 'word') throw this.#error('expected the name of a field', name);
    const ofBatch = BATCH_FIELDS.find((field) => field.name === name.text);
    const ofRecord = RECORD_FIELDS.find((field) => field.name === name.text) ?? headerNamed(name.text);
    const field = ofBatch ?? ofRecord;
    if (field === undefined) throw this.#error(`expected a field (${fieldNames()})`, name);
    const operator = this.#take();
    if (operator?.kind !== 'operator' || !isOperator(operator.text))
      throw this.#error(`expected one of ${OPERATORS.join(' ')} behind ${name.text}`, operator);
    const token = this.#take();
    const literal = this.#literal(field.type, token);
    if ((literal === null || typeof literal === 'boolean') && !/^!?==?$/.test(operator.text))
      throw this.#error(`${String(literal)} can be compared with = and != alone`, operator);
    const holds = comparison(operator.text, literal);
    return ofBatch === undefined ? onRecords(ofRecord as RecordField, holds) : onBatches(ofBatch, holds);
  }

  #literal(type: FieldType, token: Token | undefined): FieldValue {
    if (token === undefined || token.kind === 'operator') throw this.#error('expected a value', token);
    if (token.kind === 'word' && token.text === 'null') return null;
    const text = token.kind === 'quote' ? token.text.slice(1, -1).replace(/\\(.)/gsu, '$1') : token.text;
    if (type === 'bytes') return asBytes(text);
    if (type === 'name') return text;
    if (type === 'boolean') {
      if (text === 'true' || text === 'false') return text === 'true';
      throw this.#error('expected true, false or null', token);
    }
    if (!/^-?\d{1,19}$/.test(text)) throw this.#error('expected a whole number or null', token);
    return narrow(BigInt(text));
  }

  #peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  #take(): Token | undefined {
    return this.#tokens[this.#next++];
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.#next++;
    return true;
  }

  #error(problem: string, token: { readonly text: string; readonly at: number } | undefined): SeglogError {
    const place = token === undefined ? 'at its end' : `at character ${token.at + 1}`;
    return new SeglogError('INVALID_ARGUMENT', `in --where ${JSON.stringify(this.#text)}, ${place}: ${problem}`, {
      ...(token === undefined ? {} : { found: JSON.stringify(token.text) }),
    });
  }
}

function isOperator(text: string): text is Operator {
  return (OPERATORS as readonly string[]).includes(text);
}

function asBytes(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function headerNamed(name: string): RecordField | undefined {
  const key = /^header\.(.+)$/su.exec(name)?.[1];
  return key === undefined ? undefined : headerField(name, asBytes(key));
}

function fieldNames(): string {
  return [...RECORD_FIELDS.map(({ name }) => name), 'header.NAME', ...BATCH_FIELDS.map(({ name }) => name)].join(', ');
}

type Holds = (value: FieldValue) => boolean;

function comparison(operator: Operator, literal: FieldValue): Holds {
  if (operator === '=' || operator === '==') return (value) => value === literal;
  if (operator === '!=') return (value) => value !== literal;
  // What is left has an order: numbers (of both kinds, which compare exactly) and strings.
  const bound = literal as Int64 | string;
  const ordered = (holds: (value: Int64 | string) => boolean): Holds => {
    return (value) => value !== null && typeof value !== 'boolean' && holds(value);
  };
  if (operator === '<') return ordered((value) => value < bound);
  if (operator === '<=') return ordered((value) => value <= bound);
  if (operator === '>') return ordered((value) => value > bound);
  return ordered((value) => value >= bound);
}

function onBatches(field: BatchField, holds: Holds): Condition {
  return {
    looksAtRecords: false,
    // The first offset of a compressed wrapper (formats 0 and 1) is known once it was decompressed.
    ofBatch: (batch) =>
      field.name === 'baseOffset' && batch.baseOffset === null && batch.magic < 2 ? undefined : holds(field.of(batch)),
    ofRecord: (_, batch) => holds(field.of(batch)),
  };
}

function onRecords(field: RecordField, holds: Holds): Condition {
  return { looksAtRecords: true, ofBatch: () => undefined, ofRecord: (record) => holds(field.of(record)) };
}
