import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Engine, LOCATE_OUTCOME, SCAN_OUTCOME } from '../../src/engine/contract.ts';
import type { File } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';
import { describeParity, type Outcome, outcomeOf, settledOutcomeOf, UNTOUCHED } from './engines.ts';
import { batchStarts, foundLog } from './inputs.ts';

/** A file that no descriptor leads to: engines read it through the file system. */
function memoryFile(bytes: Uint8Array): File {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/logs');
  fs.replaceSmall('/logs/found.log', bytes);
  return fs.open('/logs/found.log', 'read');
}

/** All that a call can write to. */
interface Seen {
  readonly result: Outcome<void>;
  readonly rows: string;
  readonly outcome: string;
  readonly bytes: string;
}

/** Long arrays compare much faster as text. */
const textOf = (numbers: ArrayLike<number>): string => Array.prototype.join.call(numbers, ' ');
const hexOf = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');

function scan(engine: Engine, source: Uint8Array, start: number, end: number, verify: boolean, room: number): Seen {
  const bytes = source.slice();
  const rows = new Int32Array(room).fill(UNTOUCHED);
  const outcome = new Float64Array(SCAN_OUTCOME.length).fill(UNTOUCHED);
  const result = outcomeOf(() => engine.scanBatches(bytes, start, end, verify, rows, outcome));
  return { result, rows: textOf(rows), outcome: textOf(outcome), bytes: hexOf(bytes) };
}

const room = fc.oneof({ weight: 4, arbitrary: fc.constant(80) }, fc.nat(7));

describeParity('finding batches', ({ native, ts }) => {
  test('a scan stops at the same place for the same reason', () => {
    fc.assert(
      fc.property(foundLog, fc.boolean(), room, (bytes, verify, rows) => {
        const expected = scan(native, bytes, 0, bytes.length, verify, rows);
        expect(scan(ts, bytes, 0, bytes.length, verify, rows)).toEqual(expected);
        expect(expected.result).toEqual({ value: undefined });
      }),
      { numRuns: 1500 },
    );
  });

  test('a scan of a part, or of bytes that are not there, does too', () => {
    const edge = fc.oneof(fc.nat(400), fc.constantFrom(-1, 2 ** 31, 2 ** 53, NaN));
    fc.assert(
      fc.property(foundLog, edge, edge, fc.boolean(), (bytes, start, end, verify) => {
        expect(scan(ts, bytes, start, end, verify, 40)).toEqual(scan(native, bytes, start, end, verify, 40));
      }),
      { numRuns: 600 },
    );
  });

  test('a read from a file finds the same, on the thread and off it', async () => {
    const directory = scratch();
    const path = join(directory, 'found.log');
    const place = fc.oneof({ weight: 3, arbitrary: fc.nat(300) }, fc.nat(10_000));
    await fc.assert(
      fc.asyncProperty(
        foundLog,
        place,
        place,
        fc.boolean(),
        room,
        async (content, position, length, verify, rowRoom) => {
          writeFileSync(path, content);
          const seen: Seen[] = [];
          for (const engine of [native, ts]) {
            for (const isAsync of [false, true]) {
              const file = nodeFileSystem.open(path, 'read');
              const bytes = new Uint8Array(8192).fill(0xaa);
              const rows = new Int32Array(rowRoom).fill(UNTOUCHED);
              const outcome = new Float64Array(SCAN_OUTCOME.length).fill(UNTOUCHED);
              const wanted = Math.min(length, bytes.length);
              const result = isAsync
                ? await settledOutcomeOf(async () =>
                    engine.readBatchesAsync(file, position, bytes, wanted, verify, rows, outcome),
                  )
                : outcomeOf(() => engine.readBatches(file, position, bytes, wanted, verify, rows, outcome));
              file.close();
              const filled = outcome[SCAN_OUTCOME.filled] ?? 0;
              seen.push({
                result,
                rows: textOf(rows),
                outcome: textOf(outcome),
                bytes: hexOf(bytes.subarray(0, filled)),
              });
            }
          }
          for (const other of seen) expect(other).toEqual({ ...seen[0], result: { value: undefined } });
        },
      ),
      { numRuns: 250 },
    );
  });

  test.each([
    ...[-1, -4, 0.5, Number.NaN, 2 ** 53, 4097, Infinity].map((length) => ({ position: 0, length })),
    ...[-1, 0.5, Number.NaN, 2 ** 53, -Infinity].map((position) => ({ position, length: 100 })),
  ])('a read of $length bytes at $position is refused, and nothing is read', async ({ position, length }) => {
    const path = join(scratch(), 'found.log');
    writeFileSync(path, new Uint8Array(300).fill(7));
    const files = [nodeFileSystem.open(path, 'read'), memoryFile(readFileSync(path))];
    for (const file of files) {
      for (const engine of [native, ts]) {
        const [bytes, rows, outcome] = [new Uint8Array(4096), new Int32Array(8), new Float64Array(SCAN_OUTCOME.length)];
        const args = [file, position, bytes, length, true, rows, outcome] as const;
        expect(outcomeOf(() => engine.readBatches(...args))).toEqual({ error: 'INVALID_ARGUMENT' });
        const off = await settledOutcomeOf(() => engine.readBatchesAsync(...args));
        expect(off).toEqual({ error: 'INVALID_ARGUMENT' });
        expect(bytes.every((byte) => byte === 0)).toBe(true);
      }
      file.close();
    }
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53, -Infinity])('a search from, or to, %d is refused', (place) => {
    const path = join(scratch(), 'found.log');
    writeFileSync(path, new Uint8Array(300));
    const files = [nodeFileSystem.open(path, 'read'), memoryFile(readFileSync(path))];
    const [bytes, outcome] = [new Uint8Array(128), new Float64Array(LOCATE_OUTCOME.length)];
    for (const file of files) {
      for (const engine of [native, ts]) {
        const calls = [
          () => engine.locate(file, place, 300, 5, bytes, outcome),
          () => engine.locate(file, 0, place, 5, bytes, outcome),
          () => engine.find(file, new Uint8Array(0), 0, place, 300, 5, bytes, outcome),
          () => engine.find(file, new Uint8Array(0), 0, 0, place, 5, bytes, outcome),
        ];
        for (const call of calls) expect(outcomeOf(call)).toEqual({ error: 'INVALID_ARGUMENT' });
      }
      file.close();
    }
  });

  test('the search for an offset ends at the same batch, with whatever scratch', () => {
    const path = join(scratch(), 'found.log');
    const target = fc.oneof(fc.nat(6000), fc.constantFrom(-1, -(2 ** 41), 2 ** 31, 2 ** 53 - 1));
    const from = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.nat(500));
    const cut = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: -200, max: 200 }));
    fc.assert(
      fc.property(foundLog, target, from, cut, fc.boolean(), (content, offset, index, less, isBatch) => {
        writeFileSync(path, content);
        const starts = batchStarts(content);
        const position = isBatch ? (starts[index % Math.max(1, starts.length)] ?? 0) : index;
        const end = Math.max(0, content.length - less);
        for (const size of [128, 189, 4096, 65_536]) {
          const file = nodeFileSystem.open(path, 'read');
          const seen = [native, ts].map((engine) => {
            const scratchBytes = new Uint8Array(size);
            const outcome = new Float64Array(LOCATE_OUTCOME.length).fill(UNTOUCHED);
            const result = outcomeOf(() => engine.locate(file, position, end, offset, scratchBytes, outcome));
            const header = outcome[LOCATE_OUTCOME.header] ?? 0;
            const there = Math.min(61, outcome[LOCATE_OUTCOME.size] ?? 0);
            return { result, outcome: [...outcome], header: hexOf(scratchBytes.subarray(header, header + there)) };
          });
          file.close();
          expect(seen[1], `scratch of ${size}`).toEqual(seen[0]);
          expect(seen[0]?.result).toEqual({ value: undefined });
          const [found = 0, start = 0] = seen[0]?.outcome ?? [];
          if (found === 1) expect(hexOf(content.subarray(start)).startsWith(seen[0]?.header ?? 'none')).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  const smallest = (magic: number, size: number): Uint8Array => {
    const bytes = Buffer.alloc(size);
    bytes.writeInt32BE(size - 12, 8);
    bytes.writeInt8(magic, 16);
    return bytes;
  };
  test.each([
    ['a format 0 entry at the end of a file that is shorter than was said', smallest(0, 26), 10],
    ['a format 1 entry at the end of a file that is shorter than was said', smallest(1, 40), 30],
    ['an entry smaller than format 1 has it', smallest(1, 26), 0],
    ['a batch smaller than its header, at the end', smallest(2, 40), 0],
    [
      'a batch smaller than its header, with others behind it',
      Buffer.concat([smallest(2, 27), smallest(0, 26), smallest(2, 61)]),
      0,
    ],
    ['a piece of a prefix', smallest(0, 26).subarray(0, 16), 0],
  ])('the search ends the same way at %s', (_what, content, beyond) => {
    const path = join(scratch(), 'found.log');
    writeFileSync(path, content);
    const file = nodeFileSystem.open(path, 'read');
    const [expected, found] = [native, ts].map((engine) => {
      const outcome = new Float64Array(LOCATE_OUTCOME.length);
      return {
        result: outcomeOf(() => engine.locate(file, 0, content.length + beyond, 0, new Uint8Array(128), outcome)),
        outcome: [...outcome],
      };
    });
    file.close();
    expect(found).toEqual(expected);
  });
});
