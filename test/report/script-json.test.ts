import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scriptBytes, scriptJson } from '../../src/report/script-json.ts';

/** Strings of any code units, lone surrogates among them. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x3c, 0x2f, 0x1b, 0x202e, 0xd800, 0xdc00)))
  .map((units) => String.fromCharCode(...units));

describe('JSON in a script element', () => {
  it('ends no element, whatever the data says', () => {
    const json = scriptJson({ a: '</script><script>alert(1)</script>', b: '<!--', '</SCRIPT>': 1 });
    expect(json).not.toContain('<');
    expect(JSON.parse(json)).toEqual({ a: '</script><script>alert(1)</script>', b: '<!--', '</SCRIPT>': 1 });
  });

  it('comes back as it was, and holds nothing that hides or turns around', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, fc.array(anyText), fc.dictionary(anyText, anyText)), (value) => {
        const json = scriptJson(value);
        expect(json).not.toMatch(/[<\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
        expect(JSON.parse(json)).toEqual(value);
      }),
    );
  });

  it('is as long as it is said to be', () => {
    expect(scriptBytes('é<')).toBe(2 + 2 + 6);
  });
});
