/** Index and checkpoint files that are not as Kafka closes them. */
import { describe, expect, it } from 'vitest';
import { codes, collectBytes } from './collect.ts';

const INDEX = '00000000000000000100.index';
const TIME_INDEX = '00000000000000000100.timeindex';

function offsetEntries(...entries: [number, number][]): Buffer {
  const bytes = Buffer.alloc(entries.length * 8);
  entries.forEach(([offset, position], slot) => {
    bytes.writeInt32BE(offset, slot * 8);
    bytes.writeInt32BE(position, slot * 8 + 4);
  });
  return bytes;
}

function timeEntries(...entries: [bigint, number][]): Buffer {
  const bytes = Buffer.alloc(entries.length * 12);
  entries.forEach(([timestamp, offset], slot) => {
    bytes.writeBigInt64BE(timestamp, slot * 12);
    bytes.writeInt32BE(offset, slot * 12 + 8);
  });
  return bytes;
}

describe('indexes', () => {
  it('end at a zero tail, which is no finding', () => {
    const dump = collectBytes(
      Buffer.concat([offsetEntries([5, 4096], [9, 8192]), Buffer.alloc(800)]),
      { json: false },
      INDEX,
    );
    expect(dump.lines).toEqual(['offset: 105 position: 4096', 'offset: 109 position: 8192']);
    expect(dump.findings).toEqual([]);
    expect(dump.notes).toEqual(['100 zero entries from byte 16 on: the index was set aside and not trimmed']);
  });

  it('of zeros alone have no entries', () => {
    for (const name of [INDEX, TIME_INDEX]) {
      const dump = collectBytes(Buffer.alloc(2400), {}, name);
      expect(dump.lines).toEqual([]);
      expect(dump.findings).toEqual([]);
      expect(dump.notes).toHaveLength(1);
    }
  });

  it('may have one time entry of timestamp 0 at the base offset', () => {
    expect(collectBytes(timeEntries([0n, 0]), { json: false }, TIME_INDEX).lines).toEqual(['timestamp: 0 offset: 100']);
  });

  it('print timestamps exactly', () => {
    expect(collectBytes(timeEntries([2n ** 63n - 1n, 7]), {}, TIME_INDEX).lines).toEqual([
      '{"type":"timeindex","timestamp":9223372036854775807,"offset":107}',
    ]);
  });

  it.each([
    ['offsets that do not rise', INDEX, offsetEntries([5, 4096], [5, 8192])],
    ['positions that fall', INDEX, offsetEntries([5, 8192], [6, 4096])],
    ['a negative offset', INDEX, offsetEntries([-1, 4096])],
    ['zeros within', INDEX, offsetEntries([5, 4096], [0, 0], [7, 9000])],
    ['timestamps that do not rise', TIME_INDEX, timeEntries([10n, 1], [10n, 2])],
    ['offsets that fall', TIME_INDEX, timeEntries([10n, 2], [11n, 1])],
    ['a length that is odd', INDEX, Buffer.concat([offsetEntries([5, 4096]), Buffer.of(1, 2, 3)])],
  ])('with %s are a finding', (_name, name, bytes) => {
    const dump = collectBytes(bytes, {}, name);
    expect(codes(dump)).toContain('CORRUPT_INDEX');
    expect(dump.findings[0]).toMatchObject({ file: `/d/${name}` });
  });

  it('say that they are empty', () => {
    expect(collectBytes(Buffer.alloc(0), {}, INDEX).notes).toEqual(['the index is empty']);
  });
});

describe('checkpoints', () => {
  it('print their entries, exactly', () => {
    const text = '0\n2\na-b 0 9223372036854775807\nc 12 0\n';
    const dump = collectBytes(Buffer.from(text), {}, 'recovery-point-offset-checkpoint');
    expect(dump.lines).toEqual([
      '{"type":"checkpoint","topic":"a-b","partition":0,"offset":9223372036854775807}',
      '{"type":"checkpoint","topic":"c","partition":12,"offset":0}',
    ]);
    expect(collectBytes(Buffer.from(text), { json: false }, 'log-start-offset-checkpoint').lines[1]).toBe(
      'topic: c partition: 12 offset: 0',
    );
  });

  it('print leader epochs', () => {
    const bytes = Buffer.from('0\n2\n0 0\n2 4711\n');
    expect(collectBytes(bytes, { json: false }, 'leader-epoch-checkpoint').lines).toEqual([
      'epoch: 0 startOffset: 0',
      'epoch: 2 startOffset: 4711',
    ]);
    expect(collectBytes(bytes, {}, 'leader-epoch-checkpoint').lines[1]).toBe(
      '{"type":"leader-epoch","epoch":2,"startOffset":4711}',
    );
  });

  it.each([
    ['a count that is wrong', '0\n3\na 0 1\n', 'CORRUPT_CHECKPOINT'],
    ['a line that is no entry', '0\n1\na 0\n', 'CORRUPT_CHECKPOINT'],
    ['a later version', '1\n0\n', 'UNSUPPORTED_VERSION'],
  ])('with %s are a finding', (_name, text, code) => {
    expect(codes(collectBytes(Buffer.from(text), {}, 'cleaner-offset-checkpoint'))).toEqual([code]);
  });

  it('of metadata print the version and the topic id', () => {
    const bytes = Buffer.from('version: 0\ntopic_id: _AqMaqUaQBeMMJlxlF0aBw');
    expect(collectBytes(bytes, { json: false }, 'partition.metadata').text).toBe(
      'version: 0 topicId: _AqMaqUaQBeMMJlxlF0aBw\n',
    );
    expect(collectBytes(bytes, {}, 'partition.metadata').text).toBe(
      '{"type":"partition-metadata","version":0,"topicId":"_AqMaqUaQBeMMJlxlF0aBw"}\n',
    );
    const broken = collectBytes(bytes.subarray(0, -1), {}, 'partition.metadata');
    expect(codes(broken)).toEqual(['CORRUPT_CHECKPOINT']);
    expect(broken.text).toBe('');
  });

  it('do not steer a terminal', () => {
    const dump = collectBytes(
      Buffer.from('0\n1\n\u001b[31mred 0 1\n'),
      { json: false },
      'replication-offset-checkpoint',
    );
    expect(dump.text).toBe('topic: \\x1b[31mred partition: 0 offset: 1\n');
  });
});
