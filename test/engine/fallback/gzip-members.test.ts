import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CODEC_IDS } from '../../../src/engine/contract.ts';
import { crc32 } from '../../../src/engine/fallback/crc.ts';
import { createFallbackEngine } from '../../../src/engine/fallback/engine.ts';

const engine = createFallbackEngine();
const corrupt = expect.objectContaining({ code: 'CORRUPT_COMPRESSED_DATA' });

function read(bytes: Uint8Array, room = 100): string | -1 {
  const target = Buffer.alloc(room);
  const length = engine.decompress(CODEC_IDS.gzip, 2, bytes, 0, bytes.length, target);
  return length === -1 ? -1 : target.toString('latin1', 0, length);
}

const member = gzipSync('some data');
const both = Buffer.concat([gzipSync('one '), gzipSync(''), gzipSync('two')]);

/** The member with a header of all optional fields. */
function withFields(): Buffer {
  const header = Buffer.concat([member.subarray(0, 10), Buffer.from('\x03\0abcname\0comment\0', 'latin1')]);
  header[3] = 0x02 | 0x04 | 0x08 | 0x10;
  const checksum = Buffer.alloc(2);
  checksum.writeUInt16LE(crc32(header, 0, header.length) & 0xffff);
  return Buffer.concat([header, checksum, member.subarray(10)]);
}

describe('gzip members', () => {
  it.each([
    ['nothing', ''],
    ['zeros', '\0\0\0\0'],
    ['anything else', 'what follows'],
    ['the start of a header', '\x1f\x8b\x08\0\0'],
  ])('may follow each other; %s behind the last one is passed over, as in Java', (_, tail) => {
    expect(read(Buffer.concat([both, Buffer.from(tail, 'latin1')]))).toBe('one two');
  });

  it('that start must be whole', () => {
    expect(() => read(Buffer.concat([both, member.subarray(0, 10)]))).toThrow(corrupt);
  });

  it('may have any of the optional fields', () => {
    expect(read(withFields())).toBe('some data');
  });

  it.each([
    ['the magic', 0],
    ['the method', 2],
    ['the first block', 10],
    ['the checksum', member.length - 8],
    ['the length', member.length - 1],
  ])('are refused with a changed byte in %s', (_, at) => {
    const bytes = Buffer.from(member);
    bytes[at] = (bytes[at] as number) ^ 0x41;
    expect(() => read(bytes)).toThrow(corrupt);
  });

  it('are refused with a header whose checksum does not match, or that does not end', () => {
    const bytes = withFields();
    bytes[12] = (bytes[12] as number) ^ 1;
    expect(() => read(bytes)).toThrow(corrupt);
    const endless = Buffer.from(member);
    endless[3] = 0x08;
    expect(() => read(endless.subarray(0, 14))).toThrow(corrupt);
    endless[3] = 0x04;
    endless.writeUInt16LE(0xffff, 10);
    expect(() => read(endless)).toThrow(corrupt);
  });

  it('F21: that are bombs stop at the size of the target', () => {
    const bomb = gzipSync(Buffer.alloc(20_000_000));
    const before = process.memoryUsage().arrayBuffers;
    expect(read(bomb, 1000)).toBe(-1);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
  });
});
