/** What reaches a terminal: text that is shown and never obeyed, cut to its width by whole characters. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { paint } from '../../src/browse/terminal/paint.ts';
import { hexLine, hexLines, rangeOf } from '../../src/browse/view/hex.ts';
import { clip, fit, line, shown, span, widthOf } from '../../src/browse/view/line.ts';
import { prettyJson } from '../../src/browse/view/pretty-json.ts';
import { previewText, sizeText, timeText } from '../../src/browse/view/words.ts';
import { wrapped } from '../../src/browse/view/wrap.ts';

const UTF8 = { unicode: true, colors: true };
const ASCII = { unicode: false, colors: false };
/** What a terminal might obey: controls, and marks that turn or hide text. */
const HOSTILE = /[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2060-\u206f\u061c\u200b\ufeff\u{e0000}-\u{e007f}]/u;

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('\x1b', '[', '2', 'J', '\u202e', '\u009b', '\r', '\n', '\ud800', 'a', '漢', '👩‍👩‍👧', 'é'),
  }),
);

describe('shown text', () => {
  test('holds nothing that a terminal obeys', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(shown(text, UTF8)).not.toMatch(HOSTILE);
        expect(shown(text, UTF8)).not.toMatch(/\p{Cs}/u);
        expect(shown(text, ASCII)).toMatch(/^[\x20-\x7e]*$/);
      }),
    );
  });

  test('keeps what people write', () => {
    expect(shown('Grüße, 漢字, שלום, 👩‍👩‍👧 e\u0301', UTF8)).toBe('Grüße, 漢字, שלום, 👩‍👩‍👧 e\u0301');
    expect(shown('é漢\u{1f600}', ASCII)).toBe('\\u00e9\\u6f22\\u{1f600}');
    expect(shown('a\x1b[31mb\u202ec\u061cd\ufeff', UTF8)).toBe('a\\x1b[31mb\\u202ec\\u061cd\\ufeff');
  });

  test('painted as a line, has no sequence but those of its style, and no more columns than there are', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 1, max: 60 }), fc.boolean(), (text, columns, isSelected) => {
        const painted = paint({ spans: [span(text, 'bad'), span(text)], isSelected }, columns, UTF8);
        const bare = painted.replace(/\x1b\[[0-9;]*m/g, '');
        expect(bare).not.toMatch(HOSTILE);
        expect(widthOf(bare)).toBeLessThanOrEqual(columns);
      }),
    );
  });
});

describe('a line', () => {
  test('is cut at whole characters, with a mark', () => {
    const text = (columns: number): string =>
      fit(line(span('a漢字b')), columns, UTF8)
        .spans.map((part) => part.text)
        .join('');
    expect([text(6), text(5), text(4), text(3), text(2), text(1)]).toEqual([
      'a漢字b',
      'a漢 …',
      'a漢…',
      'a …',
      'a…',
      '…',
    ]);
    expect(clip('e\u0301x', 1).text).toBe('e\u0301');
  });

  test('does not let marks pile up on one character', () => {
    const zalgo = `a${'\u0301'.repeat(500)}b`;
    expect(clip(shown(zalgo, UTF8), 20).text).toBe('a\\u0301\\u0301\\u0301\\');
    expect(shown('\u1100'.repeat(30), UTF8)).toMatch(/^(?:\\u1100){30}$/);
    expect(wrapped(zalgo, 20, UTF8).every((part) => widthOf(part) <= 20)).toBe(true);
  });

  test('that is selected is so over its whole width', () => {
    expect(paint({ spans: [span('ab', 'bad')], isSelected: true }, 5, UTF8)).toBe('\x1b[7mab   \x1b[0m');
    expect(paint(line(span('ab', 'bad')), 5, { unicode: true, colors: false })).toBe('\x1b[1mab\x1b[0m');
  });

  test('that is wrapped keeps all of its text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 30 }), (text, columns) => {
        const one = text.replace(/[\r\n]/g, '');
        expect(wrapped(one, columns, UTF8).join('')).toBe(shown(one, UTF8));
      }),
    );
  });
});

describe('bytes', () => {
  test('have a line of hexadecimal digits for each 16, 8 or 4', () => {
    const range = rangeOf(Buffer.from('xxHello, world!\x00\xff and more', 'latin1'), 2, 20);
    const text = (number: number, columns: number): string =>
      hexLine(range, number, columns)
        .spans.map((part) => part.text)
        .join('');
    expect(text(0, 80)).toBe('00000000  48 65 6c 6c 6f 2c 20 77  6f 72 6c 64 21 00 ff 20 |Hello, world!.. |');
    expect(text(1, 80)).toBe(`00000010  61 6e 64 20${' '.repeat(38)}|and |`);
    expect([hexLines(20, 80), hexLines(20, 60), hexLines(20, 40), hexLines(0, 80)]).toEqual([2, 3, 5, 0]);
    expect(text(4, 40)).toBe('00000010  61 6e  64 20 |and |');
  });

  test('are previewed without cutting a character', () => {
    const bytes = Buffer.from('漢'.repeat(50));
    expect(previewText(bytes, 0, bytes.length, 2)).toBe('漢漢');
    expect(previewText(Buffer.of(0xff, 0x41, 0x1b), 0, 3, 10)).toBe('\\xffA\\x1b');
    expect(previewText(Buffer.alloc(100, 0x80), 0, 100, 2)).toBe('\\x80'.repeat(8));
  });
});

test('JSON over several lines says the same, with its numbers as they are', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.stringify(value);
      expect(JSON.parse(prettyJson(json, 1e6).join('\n'))).toEqual(JSON.parse(json));
    }),
  );
  expect(prettyJson('{"a":[1,12345678901234567890],"b":{},"c":[]}', 100)).toEqual([
    ...['{', '  "a": [', '    1,', '    12345678901234567890', '  ],', '  "b": {},', '  "c": []', '}'],
  ]);
  expect(prettyJson('[1,2,3,4]', 3)).toEqual(['[', '  1,', '  2,']);
});

test('sizes and times are in words, and numbers that are no time stay numbers', () => {
  expect([0, 1023, 1536, 5 * 1024 ** 3].map(sizeText)).toEqual(['0 B', '1023 B', '1.5 KiB', '5.0 GiB']);
  expect([timeText(0), timeText(-1), timeText(2n ** 62n)]).toEqual([
    '1970-01-01 00:00:00.000',
    '-1',
    String(2n ** 62n),
  ]);
});
