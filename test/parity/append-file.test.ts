import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Engine } from '../../src/engine/contract.ts';
import type { AppendFile } from '../../src/fs/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';
import { describeParity, outcomeOf, settledOutcomeOf } from './engines.ts';

type Step =
  | { readonly what: 'append'; readonly bytes: Uint8Array; readonly spare: number }
  | { readonly what: 'truncate'; readonly part: number }
  | { readonly what: 'reopen'; readonly part: number; readonly preallocate: boolean }
  | { readonly what: 'trim' | 'sync' | 'syncSync' };

/** Made of nothing but ones, so that a zero is a byte that nobody wrote. */
const content = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 100 }), fc.integer({ min: 1, max: 30_000 })),
    fc.integer({ min: 1, max: 255 }),
  )
  .map(([length, byte]) => new Uint8Array(length).fill(byte));
const part = fc.oneof(fc.constantFrom(0, 1000), fc.nat(1000));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ what: fc.constant('append' as const), bytes: content, spare: fc.nat(20) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('append' as const),
      bytes: fc.constant(new Uint8Array(0)),
      spare: fc.nat(20),
    }),
  },
  { weight: 2, arbitrary: fc.record({ what: fc.constant('truncate' as const), part }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('reopen' as const), part, preallocate: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('trim' as const, 'sync' as const, 'syncSync' as const) }) },
);

const MAX_SIZE_BYTES = 100_000;

/** Where `part` thousandths of the file end. */
const cutAt = (file: AppendFile, thousandths: number): number => Math.floor((file.sizeBytes * thousandths) / 1000);

describeParity('append files', ({ native, portable, ts }) => {
  const engines: readonly [string, Engine][] = [
    ['mapped', native],
    ['portable', portable],
    ['ts', ts],
  ];

  test('hold the same bytes after every step, and nothing else once they are closed', async () => {
    const directory = scratch();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), fc.boolean(), async (steps, preallocate) => {
        run++;
        let model = Buffer.alloc(0);
        const files = engines.map(([name, engine]) => {
          const path = join(directory, `${run}-${name}`);
          return {
            engine,
            path,
            file: engine.openAppend(nodeFileSystem, path, { sizeBytes: 0, maxSizeBytes: MAX_SIZE_BYTES, preallocate }),
          };
        });
        expect(files.slice(1).map(({ file }) => file.kind)).toEqual(['written', 'written']);
        for (const one of steps) {
          for (const entry of files) {
            const { file, engine, path } = entry;
            if (one.what === 'append')
              file.append(Buffer.concat([one.bytes, Buffer.alloc(one.spare, 0xee)]), one.bytes.length);
            else if (one.what === 'truncate') file.truncate(cutAt(file, one.part));
            else if (one.what === 'sync') await file.sync();
            else if (one.what === 'reopen') {
              const sizeBytes = cutAt(file, one.part);
              file.close();
              entry.file = engine.openAppend(nodeFileSystem, path, {
                sizeBytes,
                maxSizeBytes: MAX_SIZE_BYTES,
                preallocate: one.preallocate,
              });
            } else file[one.what]();
          }
          if (one.what === 'append') model = Buffer.concat([model, one.bytes]);
          else if ('part' in one) model = model.subarray(0, Math.floor((model.length * one.part) / 1000));
          for (const { file, path } of files) {
            expect(file.sizeBytes).toBe(model.length);
            const bytes = readFileSync(path);
            expect(bytes.subarray(0, model.length).equals(model)).toBe(true);
            // A reader takes the first zero length for the end.
            expect(bytes.subarray(model.length).every((byte) => byte === 0)).toBe(true);
            if (one.what === 'trim') expect(bytes.length).toBe(model.length);
          }
        }
        for (const { file, path } of files) {
          file.close();
          expect(readFileSync(path).equals(model)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('refuse the same calls with the same codes, and stay as they were', async () => {
    const directory = scratch();
    const seen = await Promise.all(
      engines.map(async ([name, engine]) => {
        const path = join(directory, name);
        const file = engine.openAppend(nodeFileSystem, path, { sizeBytes: 0, maxSizeBytes: 1000, preallocate: false });
        file.append(Buffer.from('kept'), 4);
        const open = [
          outcomeOf(() => file.truncate(5)),
          outcomeOf(() => file.append(new Uint8Array(3), 4)),
          outcomeOf(() => file.append(new Uint8Array(3), -1)),
        ];
        file.close();
        file.close();
        const closed = [
          outcomeOf(() => file.append(new Uint8Array(3), 3)),
          outcomeOf(() => file.truncate(0)),
          outcomeOf(() => file.trim()),
          outcomeOf(() => file.syncSync()),
          await settledOutcomeOf(async () => file.sync()),
        ];
        return { open, closed, content: readFileSync(path, 'utf8') };
      }),
    );
    expect(seen[0]).toEqual({
      open: [{ error: 'INTERNAL' }, { error: 'INVALID_ARGUMENT' }, { error: 'INVALID_ARGUMENT' }],
      closed: Array.from({ length: 5 }, () => ({ error: 'LOG_CLOSED' })),
      content: 'kept',
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
  });

  test.each([
    ['a file that is shorter than its log', 'FILE_SHRANK', (path: string) => writeFileSync(path, 'short')],
    ['a directory', 'NOT_A_REGULAR_FILE', (path: string) => mkdirSync(path)],
    ['a link', 'NOT_A_REGULAR_FILE', (path: string) => symlinkSync('elsewhere', path)],
    [
      'a FIFO, without waiting for its other end',
      'NOT_A_REGULAR_FILE',
      (path: string) => execFileSync('mkfifo', [path]),
    ],
    ['a place in a directory that is not there', 'IO ENOENT', () => undefined],
  ])('are not opened over %s', (what, code, make) => {
    for (const [name, engine] of engines) {
      const path = join(scratch(), what.startsWith('a place') ? 'absent/x.log' : 'x.log');
      make(path);
      const opened = outcomeOf(() =>
        engine.openAppend(nodeFileSystem, path, { sizeBytes: 6, maxSizeBytes: 1000, preallocate: false }),
      );
      expect(opened, name).toEqual({ error: code });
    }
  });
});
