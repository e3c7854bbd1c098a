/** Bytes made to crash, hang or fill memory end with a finding (F19 to F23). */
import { execFileSync } from 'node:child_process';
import { closeSync, ftruncateSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scratch } from '../../support/temp.ts';
import { batch, batches, record } from '../make-batch.ts';
import { brief, verifyPaths } from './support.ts';

const STEM = '00000000000000000000';
const LOG = `${STEM}.log`;

async function found(bytes: Buffer, name = LOG): Promise<string[]> {
  const path = join(scratch(), name);
  writeFileSync(path, bytes);
  const { findings, failures } = await verifyPaths([path]);
  expect(failures).toEqual([]);
  return brief(findings);
}

describe('sizes', () => {
  it.each([-(2 ** 31), -1, 0, 13, 48, 2 ** 31 - 1])('a batch that claims %d bytes', async (length) => {
    const lines = await found(Buffer.concat([batch(), batch({ baseOffset: 1n, length })]));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(`^error BATCH_(SIZE_INVALID|TRUNCATED|CRC_MISMATCH) ${LOG} ${batch().length}$|^error DATA_BEHIND`),
    );
  });

  it('two billion records in a batch of one', async () => {
    const lines = await found(batch({ count: 2 ** 31 - 1, lastOffsetDelta: 2 ** 31 - 2 }));
    expect(lines).toEqual([`error INVALID_RECORD ${LOG} 0`]);
  });

  it('a batch that is larger than what is looked into, and what follows it', async () => {
    const path = join(scratch(), LOG);
    const large = batch({ records: record(0, 'k', Buffer.alloc(2_000_000)) });
    writeFileSync(path, Buffer.concat([large, batch({ baseOffset: 1n, count: 2 })]));
    const { findings } = await verifyPaths([path], { maxBatchBytes: 1_000_000 });
    expect(brief(findings)).toEqual([
      `warning BATCH_TOO_LARGE ${LOG} 0`,
      `error BATCH_COUNTS_INVALID ${LOG} ${large.length}`,
    ]);
  });
});

describe('compressed data', () => {
  it('that becomes a thousand times as much is not followed beyond the limit', async () => {
    const path = join(scratch(), LOG);
    writeFileSync(path, batch({ attributes: 1, records: gzipSync(Buffer.alloc(50_000_000)) }));
    const { findings } = await verifyPaths([path], { maxBatchBytes: 1_000_000 });
    expect(brief(findings)).toEqual([`warning DECOMPRESSED_TOO_LARGE ${LOG} 0`]);
  });

  it.each([1, 2, 3, 4])('of codec %d that is garbage', async (attributes) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 200 }), async (bytes) => {
        const lines = await found(batch({ attributes, records: Buffer.from(bytes) }));
        expect(lines).toHaveLength(1);
        expect(lines[0]).toMatch(/CORRUPT_COMPRESSED_DATA|INVALID_RECORD|DECOMPRESSED_TOO_LARGE/);
      }),
      { numRuns: 30, seed: 20261121 },
    );
  });
});

describe('garbage', () => {
  it.each([LOG, `${STEM}.index`, `${STEM}.timeindex`, `${STEM}-0000000000.checkpoint`])('as %s', async (name) => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 4000 }), async (bytes) => {
        const lines = await found(Buffer.from(bytes), name);
        expect(lines.length).toBeLessThanOrEqual(100);
      }),
      { numRuns: 100, seed: 20261121 },
    );
  });

  it('between batches is passed over, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const lines = await found(Buffer.concat([batch(), Buffer.from(bytes), batch({ baseOffset: 1n, count: 2 })]));
        expect(lines).toHaveLength(2);
        expect(lines[1]).toBe(`error BATCH_COUNTS_INVALID ${LOG} ${batch().length + bytes.length}`);
      }),
      { numRuns: 100, seed: 20261121 },
    );
  });
});

describe('files that are none', () => {
  function sparse(path: string, sizeBytes: number, bytes = Buffer.alloc(0)): void {
    writeFileSync(path, bytes);
    const file = openSync(path, 'r+');
    ftruncateSync(file, sizeBytes);
    closeSync(file);
  }

  it('a terabyte of nothing is not read', async () => {
    const directory = scratch();
    sparse(join(directory, `${STEM}.index`), 2 ** 40);
    sparse(join(directory, `${STEM}.timeindex`), 2 ** 40);
    const { findings } = await verifyPaths([join(directory, `${STEM}.index`), join(directory, `${STEM}.timeindex`)]);
    expect(brief(findings).map((line) => line.split(' ')[1])).toEqual(['INDEX_LENGTH_INVALID', 'INDEX_LENGTH_INVALID']);
  });

  it('a .log beyond two gigabytes is looked at as far as Kafka would', async () => {
    const path = join(scratch(), LOG);
    sparse(path, 2 ** 40, Buffer.concat(batches(3)));
    const { findings, totals } = await verifyPaths([path]);
    expect(brief(findings)).toEqual([
      `warning ZERO_TAIL ${LOG} ${Buffer.concat(batches(3)).length}`,
      `error LOG_TOO_LARGE ${LOG} 2147483647`,
    ]);
    expect(totals.records).toBe(3);
  });

  it('directories, links and pipes are told of and not opened', async () => {
    const directory = scratch();
    mkdirSync(join(directory, LOG));
    symlinkSync('/etc/hostname', join(directory, '00000000000000000001.log'));
    execFileSync('mkfifo', [join(directory, '00000000000000000002.log')]);
    for (const name of ['00000000000000000001.log', '00000000000000000002.log']) {
      expect((await verifyPaths([join(directory, name)])).failures).toEqual([`NOT_A_REGULAR_FILE ${name}`]);
    }
    expect((await verifyPaths([directory])).findings.filter(({ severity }) => severity !== 'info')).not.toEqual([]);
  });

  it('a file that is not there is a failure, and the others are looked at', async () => {
    const directory = scratch();
    writeFileSync(join(directory, LOG), batch({ count: 2 }));
    const { findings, failures } = await verifyPaths([
      join(directory, '00000000000000000009.log'),
      join(directory, LOG),
    ]);
    expect(failures).toEqual(['IO 00000000000000000009.log']);
    expect(brief(findings)).toEqual([`error BATCH_COUNTS_INVALID ${LOG} 0`]);
  });
});
