import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fieldOf, keepField } from '../../src/report/fields.ts';

const field = (bytes: Buffer, most = 512): unknown => fieldOf(keepField(bytes, 0, bytes.length, 512), most);

describe('bytes of users', () => {
  it('are text where they are UTF-8, escape sequences and marks of direction included', () => {
    const text = 'a\u001b[31m\u202eb\n</script>é😀';
    expect(field(Buffer.from(text))).toBe(text);
  });

  it('are base64 where they are not, or have a zero byte', () => {
    for (const bytes of [Buffer.from([0xff, 0x00]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('a\u0000b')]) {
      expect(field(bytes)).toEqual({ base64: bytes.toString('base64') });
    }
  });

  it('are null where there are none, and empty where there are none of them', () => {
    expect(fieldOf(keepField(Buffer.alloc(0), 0, -1, 512), 10)).toBe(null);
    expect(field(Buffer.alloc(0))).toBe('');
  });

  it('are cut between characters, never within one', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.integer({ min: 0, max: 60 }), (text, most) => {
        fc.pre(!text.includes('\u0000'));
        const cut = field(Buffer.from(text), most);
        expect(Buffer.from(text).toString('utf8').startsWith(String(cut))).toBe(true);
        expect(Buffer.byteLength(String(cut))).toBeLessThanOrEqual(most);
      }),
    );
  });

  it('stay text when they are cut, though the cut bytes alone would be none', () => {
    const text = 'é'.repeat(400);
    expect(field(Buffer.from(text), 101)).toBe('é'.repeat(50));
    expect(field(Buffer.from(text))).toBe('é'.repeat(256));
  });
});
