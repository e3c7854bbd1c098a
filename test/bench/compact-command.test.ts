import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { CompactLine } from '../../src/bench/line.ts';
import { registerBench } from '../../src/cli/bench.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { Log } from '../../src/log/log.ts';
import { scratch } from '../support/temp.ts';
import { runCommand } from './run-command.ts';

/** Batches of 1000 records with 40 kB each: two fill a segment of 100 MiB, and the third makes it a sealed one. */
const LOAD = ['--records', '3000', '--record-bytes', '40000', '--distinct-keys', '10', '--rounds', '1'];

it('bench compact keeps the last record of each key in the sealed segments, and tells how many bytes there were', async () => {
  const dir = scratch();
  const { out } = await runCommand(registerBench, 'bench', 'compact', ...LOAD, '--dir', dir, '--json');
  const line = JSON.parse(out) as CompactLine;
  expect(line).toMatchObject({
    ...{ work: 'compact', round: 0, engine: defaultEngine().name, records: 2000, recordsKept: 10 },
    ...{ segmentsBefore: 1, segmentsAfter: 1, distinctKeys: 10, recordBytes: 40_000, compression: 'none' },
  });
  expect(line.bytes).toBeGreaterThan(2000 * 40_000);
  expect(line.bytesAfter).toBeLessThan(11 * 40_100);
  const log = await Log.open(join(dir, 'bench-0'));
  const keys: string[] = [];
  for await (const batch of log.read({ from: 0 })) {
    for (const { key, offset } of batch.records())
      if (offset < 2000) keys.push(Buffer.from(key as Uint8Array).toString());
  }
  await log.close();
  expect(keys.sort()).toEqual(Array.from({ length: 10 }, (_, key) => `key-${key}`));
});

it('bench compact says in words what stays', async () => {
  const { out } = await runCommand(registerBench, 'bench', 'compact', ...LOAD, '--compression', 'lz4');
  expect(out).toMatch(/^compact +round 0 +2,000 records .* MB\/s .* 10 records stay, [\d.]+ kB; 1 to 1 segments\n$/);
});
