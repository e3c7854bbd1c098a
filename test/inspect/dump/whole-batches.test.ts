/** Lines that the engine writes a batch at a time are those that are made one by one, in the same places. */
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultEngine } from '../../../src/engine/select.ts';
import { PRINT_ENCODINGS } from '../../../src/inspect/byte-encoding.ts';
import type { WholeBatches } from '../../../src/inspect/dump-log.ts';
import { RecordLines } from '../../../src/inspect/record-lines.ts';
import { codes, collectBytes } from '../collect.ts';
import { batch, record } from '../make-batch.ts';
import { FIXTURES } from '../../support/fixtures.ts';
import { search } from './run.ts';

const PARTITIONS = ['f-txn-0', 'f-zstd-0', 'f-logappend-0', 'f-compacted-0'].map((name) =>
  join(FIXTURES, 'clean', name),
);

/** Counts the batches that went that way. */
class Counted implements WholeBatches {
  batches = 0;
  readonly #lines: RecordLines;
  constructor(bytes: (typeof PRINT_ENCODINGS)[number]) {
    this.#lines = new RecordLines(defaultEngine(), { bytes, redact: new Set() });
  }
  batch(...args: Parameters<WholeBatches['batch']>): Generator<Uint8Array> {
    this.batches += 1;
    return this.#lines.batch(...args);
  }
}

describe.each(PARTITIONS)('%s', (path) => {
  it.each(PRINT_ENCODINGS)('in %s', (bytes) => {
    for (const options of [
      {},
      { fromOffset: 321, toOffset: 1234 },
      { limit: 777 },
      { producerId: 4 },
      { fromTime: 0 },
    ]) {
      const wholeBatches = new Counted(bytes);
      const fast = search([path], options, { bytes, wholeBatches });
      const slow = search([path], options, { bytes });
      expect(fast.lines).toEqual(slow.lines);
      expect(fast.search.coverage).toEqual(slow.search.coverage);
      expect(fast.findings).toEqual(slow.findings);
      if (Object.keys(options).length === 0) expect(wholeBatches.batches).toBeGreaterThan(3);
    }
  });
});

it('a batch whose records end in garbage shows those before, and is a finding once', () => {
  const records = Buffer.concat([record(0, 'a', 'x'), record(1, 'b', 'y'), Buffer.of(0x7e)]);
  const bytes = Buffer.concat([
    batch({ count: 3, lastOffsetDelta: 2, records }),
    batch({ attributes: 4, baseOffset: 3n, records: Buffer.from('not zstd') }),
    batch({ baseOffset: 4n }),
  ]);
  const fast = collectBytes(bytes, { wholeBatches: new Counted('utf8'), bytes: 'utf8' });
  const slow = collectBytes(bytes, { bytes: 'utf8' });
  expect(fast.lines).toEqual(slow.lines);
  expect(fast.lines).toHaveLength(6);
  expect(codes(fast)).toEqual(codes(slow));
  expect(codes(fast)).toEqual(['INVALID_RECORD', 'CORRUPT_COMPRESSED_DATA']);
});
