import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log, LogReader, SeglogError } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

const hex = '0123456789abcdef0123456789abcdef';

describe('the name of a partition directory', () => {
  test.each(['events-0', 'a.b_c-d-17', '_-0', `${'t'.repeat(249)}-0`, 'x-2147483647'])('may be %s', async (name) => {
    await using log = await Log.open(join(scratch(), name));
    expect(log.status().topic).toBe(name.slice(0, name.lastIndexOf('-')));
  });

  test.each([
    'events',
    '-0',
    '..-0',
    '.-0',
    'a b-0',
    'a\u0000b-0',
    'events-',
    'events-01',
    'events-x',
    'events-2147483648',
    `${'t'.repeat(250)}-0`,
    'ключ-0',
    `events-0.${hex}-delete`,
    `events-0.${hex}-stray`,
    `events-0.${hex}-future`,
  ])('cannot be %j', async (name) => {
    const open = Log.open(join(scratch(), name));
    await expect(open).rejects.toThrow(SeglogError);
  });
});

describe('what is no regular file', () => {
  test.each(['a link', 'a directory'])('is refused as a segment: %s', async (kind) => {
    const directory = join(scratch(), 't-0');
    mkdirSync(directory);
    const name = join(directory, '00000000000000000000.log');
    if (kind === 'a directory') mkdirSync(name);
    else {
      writeFileSync(join(directory, 'elsewhere'), '');
      symlinkSync(join(directory, 'elsewhere'), name);
    }
    await expect(Log.open(directory)).rejects.toMatchObject({ code: 'NOT_A_REGULAR_FILE' });
    expect(() => LogReader.open(directory)).toThrow(expect.objectContaining({ code: 'NOT_A_REGULAR_FILE' }));
  });
});
