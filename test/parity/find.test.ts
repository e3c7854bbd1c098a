import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LOCATE_OUTCOME } from '../../src/engine/contract.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { segments } from '../support/fixtures.ts';
import { describeParity, outcomeOf } from './engines.ts';

const chosen = segments('clean').filter(({ partition }) =>
  ['f-none-0', 'f-lz4-0', 'f-compacted-0'].includes(partition),
);

describeParity('finding a batch by the offset index', ({ native, ts }) => {
  test.each(chosen)(
    'is the same in $partition $file, with an index that is right, cut, damaged or none',
    ({ path }) => {
      const file = nodeFileSystem.open(path, 'read');
      const index = readFileSync(path.replace('.log', '.index'));
      const base = Number(basename(path, '.log'));
      const end = file.sizeBytes();
      const places = fc.record({
        target: fc.integer({ min: base - 10, max: base + 2000 }),
        count: fc.integer({ min: 0, max: index.length / 8 }),
        damageAt: fc.option(fc.nat(Math.max(0, index.length - 1)), { freq: 2 }),
        scratchBytes: fc.constantFrom(128, 512, 8192),
      });
      try {
        fc.assert(
          fc.property(places, ({ target, count, damageAt, scratchBytes }) => {
            const entries = Buffer.from(index);
            if (damageAt !== null && entries.length > 0) entries[damageAt] = (entries[damageAt] ?? 0) ^ 0x15;
            const [one, other] = [native, ts].map((engine) => {
              const scratch = Buffer.alloc(scratchBytes);
              const outcome = new Float64Array(LOCATE_OUTCOME.length);
              const result = outcomeOf(() => engine.find(file, entries, count, base, end, target, scratch, outcome));
              return { result, found: outcome[0], position: outcome[1], size: outcome[2] };
            });
            expect(one).toEqual(other);
          }),
          { numRuns: 60 },
        );
      } finally {
        file.close();
      }
    },
  );
});
