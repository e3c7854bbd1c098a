/** Keys and pastes, as terminals send them. */
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { Key } from '../../src/browse/model/events.ts';
import { ManualClock } from '../../src/clock/clock.ts';
import { readInput } from '../../src/browse/terminal/input.ts';

/** What comes of bytes, as it comes; numbers are milliseconds that pass. */
async function read(...pieces: (string | number)[]): Promise<(Partial<Key> | string)[]> {
  const stream = new PassThrough();
  const seen: (Partial<Key> | string)[] = [];
  const clock = new ManualClock();
  const stop = readInput(stream, clock, {
    key: ({ name, text, ctrl }) => void seen.push({ name, text, ctrl }),
    paste: (text) => void seen.push(`paste ${text}`),
  });
  for (const piece of pieces) {
    if (typeof piece === 'number') clock.advance(piece);
    else stream.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  // Long enough for an Esc to be one.
  await new Promise((resolve) => setTimeout(resolve, 300));
  stop();
  return seen;
}

test('keys have names, and letters are themselves', async () => {
  expect(await read('a', 'G', '\x1b[A', '\x1b[6~', '\r', '\x03', '\t', '?', '漢')).toEqual([
    { name: 'a', text: 'a', ctrl: false },
    { name: 'g', text: 'G', ctrl: false },
    { name: 'up', text: '', ctrl: false },
    { name: 'pagedown', text: '', ctrl: false },
    { name: 'return', text: '\r', ctrl: false },
    { name: 'c', text: '', ctrl: true },
    { name: 'tab', text: '\t', ctrl: false },
    { name: '?', text: '?', ctrl: false },
    { name: '漢', text: '漢', ctrl: false },
  ]);
});

test('Esc alone is a key', async () => {
  expect(await read('\x1b')).toMatchObject([{ name: 'escape' }]);
});

test('a paste is one text, also in pieces, with sequences and ends of lines in it', async () => {
  expect(await read('\x1b[200~one\nq', ' two', '\x1b[201~x')).toEqual([
    'paste one\nq two',
    { name: 'x', text: 'x', ctrl: false },
  ]);
  const hostile = await read('\x1b[200~a\x1b[Aq\x03\x1b[201~');
  expect(hostile.length).toBe(1);
  expect(hostile[0]).toContain('q');
});

test('a paste whose end was lost leaves Ctrl-C as a way out, after a pause or much text', async () => {
  const interrupt = { name: 'c', text: '', ctrl: true };
  const after = { name: 'x', text: 'x', ctrl: false };
  expect(await read('\x1b[200~abc', 1000, 'q', 1000, '\x03', 'x')).toEqual([interrupt, after]);
  expect(await read(`\x1b[200~${'a'.repeat(70_000)}\x03x`)).toEqual([interrupt, after]);
  expect(await read('\x1b[200~abc', 100, '\x03', 'x')).toEqual([]);
});
