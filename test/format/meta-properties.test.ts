import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeglogError } from '../../src/errors/errors.ts';
import { type MetaProperties, parseMetaProperties, printMetaProperties } from '../../src/format/meta-properties.ts';
import { FIXTURES } from '../support/fixtures.ts';

const parse = (text: string): MetaProperties => parseMetaProperties(Buffer.from(text, 'latin1'), 'f');
const V1 = 'version=1\nnode.id=3\ncluster.id=c\n';

describe('meta.properties', () => {
  test('that Kafka wrote is read', () => {
    const path = `${FIXTURES}/clean/meta.properties`;
    expect(parseMetaProperties(readFileSync(path), path)).toEqual({
      version: 1,
      clusterId: '6LF7qMjvSMOWQNZ2otnwJA',
      nodeId: 1,
      directoryId: 'N-n8Pc62RTeyzDX7h7d1tQ',
      others: [],
    });
  });

  test('of version 0 may lack everything but the version', () => {
    expect(parse('version=0')).toMatchObject({ version: 0, clusterId: undefined, nodeId: undefined });
    expect(parse('version=0\nbroker.id=7').nodeId).toBe(7);
    expect(parse('version=0\nbroker.id=-1').nodeId).toBe(-1);
  });

  test.each([
    ['colons and blanks', 'version:1\nnode.id 3\n  cluster.id \t = \t c'],
    ['carriage returns', V1.replaceAll('\n', '\r\n')],
    ['comments', `#node.id=9\n ! node.id=9\n${V1}`],
    ['lines that go on', 'ver\\\n  sion=1\nnode.id=\\\r\n\t3\ncluster.id=c'],
    ['escapes', 'v\\u0065rsion=1\nnode\\.id=\\3\ncluster.id=\\u0063'],
    ['a value that comes twice', `node.id=1\n${V1}`],
    ['a last line without an end', V1.slice(0, -1)],
  ])('with %s is read as Java does', (_what, text) => {
    expect(parse(text)).toEqual({ version: 1, clusterId: 'c', nodeId: 3, directoryId: undefined, others: [] });
  });

  test('gives keys that are not known, and their values whole', () => {
    expect(parse(`${V1}a\\=b=c=d\nempty\n\\#x=\\t\\ty\\\\ `).others).toEqual([
      ['a=b', 'c=d'],
      ['empty', ''],
      ['#x', '\t\ty\\ '],
    ]);
  });

  test.each([
    ['nothing', '', 'there is no version', undefined],
    ['no node.id', 'version=1\ncluster.id=c', 'there is no node.id', undefined],
    ['no cluster.id', 'version=1\nnode.id=1', 'there is no cluster.id', undefined],
    ['a version that is no number', 'version=x', 'no version in line 1', 0],
    ['a node.id that is no number', `#\n${V1.replace('3', 'x')}`, 'no node.id in line 3', 12],
    ['a node.id below 0', V1.replace('3', '-1'), 'no node.id in line 2', 10],
    ['a bad directory.id', `${V1}directory.id=short`, 'no directory.id in line 4', 33],
    ['a bad escape', `${V1}x=\\u12`, 'a bad escape in line 4', 33],
  ])('with %s is refused, and the line named', (_what, text, message, position) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'CORRUPT_CHECKPOINT', file: 'f', position }));
    expect(() => parse(text)).toThrow(message);
  });

  test('of a version to come is told from a damaged one', () => {
    expect(() => parse('\nversion=2')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_VERSION', position: 1, found: 2 }),
    );
  });

  test('whatever the bytes are, is read or refused', () => {
    const codeOf = (bytes: Uint8Array): string => {
      try {
        parseMetaProperties(Buffer.concat([Buffer.from(V1), bytes]), 'f');
        return 'read';
      } catch (error) {
        return error instanceof SeglogError ? error.code : String(error);
      }
    };
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(['read', 'CORRUPT_CHECKPOINT', 'UNSUPPORTED_VERSION']).toContain(codeOf(bytes));
      }),
    );
    expect(codeOf(Buffer.from(`${'\\'.repeat(2 ** 20)}x`))).toBe('read');
  });
});

test('what is printed is read again, whatever the texts', () => {
  const text = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
  fc.assert(
    fc.property(text, text, fc.nat(0x7fffffff), (clusterId, key, nodeId) => {
      const others = [[`other ${key}`, clusterId] as const];
      const meta = { version: 1, clusterId, nodeId, directoryId: 'N-n8Pc62RTeyzDX7h7d1tQ', others };
      expect(parse(printMetaProperties(meta))).toEqual(meta);
    }),
  );
});
