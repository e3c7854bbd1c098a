/** What `--where` takes for a condition, and what it says of anything else. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeglogError } from '../../../src/errors/errors.ts';
import { parseCondition } from '../../../src/inspect/dump/where.ts';

function messageOf(text: string): string {
  try {
    parseCondition(text);
  } catch (error) {
    if (error instanceof SeglogError && error.code === 'INVALID_ARGUMENT') return error.message;
    throw error;
  }
  return 'no error';
}

describe('an error', () => {
  it.each([
    ['', 'at its end: expected the name of a field'],
    ['foo=1', 'at character 1: expected a field (offset, timestamp'],
    ['offset', 'at its end: expected one of = == != < <= > >= behind offset'],
    ['offset 5', 'at character 8: expected one of'],
    ['offset=', 'at its end: expected a value'],
    ['offset=abc', 'at character 8: expected a whole number or null: found "abc"'],
    ['offset=1.5', 'at character 8: expected a whole number'],
    ['isControl=yes', 'at character 11: expected true, false or null'],
    ['isControl>true', 'at character 10: true can be compared with = and != alone'],
    ['key<null', 'at character 4: null can be compared'],
    ['offset=1 offset=2', 'at character 10: expected "and", "or" or the end'],
    ['(offset=1', 'at its end: expected ")"'],
    ['offset=1)', 'at character 9: expected "and", "or" or the end'],
    ['offset=1 and', 'at its end: expected the name of a field'],
    ["key='open", 'at character 5: this is not understood'],
    ['offset ! 1', 'at character 8: this is not understood'],
    ['header.=1', 'at character 1: expected a field'],
    [`${'('.repeat(500)}offset=1`, 'nested too deep'],
    [`${'not '.repeat(500)}offset=1`, 'nested too deep'],
  ])('in %j names the place and what was expected', (text, message) => {
    expect(messageOf(text)).toContain(message);
  });

  it('is all that any text ends in, and soon', () => {
    const words = fc.constantFrom(
      'offset',
      'and',
      'or',
      'not',
      '(',
      ')',
      '=',
      '<',
      'null',
      '1',
      "'a'",
      'header.x',
      ' ',
      '"',
      '\\',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ maxLength: 60 }),
          fc.array(words, { maxLength: 60 }).map((list) => list.join(' ')),
        ),
        (text) => {
          expect(typeof messageOf(text)).toBe('string');
        },
      ),
    );
  });
});

describe('a condition', () => {
  it.each(['offset=1', 'NOT offset = 1', 'key = "a \\" b"', "header.x-y.z!=''", '((producerId==-1))'])(
    '%s is understood',
    (text) => expect(messageOf(text)).toBe('no error'),
  );

  it('long chains need no deep stack', () => {
    expect(messageOf(Array.from({ length: 20_000 }, (_, i) => `offset=${i}`).join(' or '))).toBe('no error');
  });
});
