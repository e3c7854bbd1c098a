/**
 * A log and a naive model of it, through whatever may happen to a log: appends of every kind, transactions, truncation,
 * deletion, new leaders, crashes that tear what was not synced, and clean closes. `SEGLOG_MODEL_RUNS` sets how many runs.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { COMMANDS } from './arbitraries.ts';
import { NaiveLog } from './naive-log.ts';
import { Pair } from './pair.ts';

const RUNS = Number(process.env['SEGLOG_MODEL_RUNS'] ?? 60);

const config = fc.record({
  segmentBytes: fc.constantFrom(1100, 2000, 1_000_000),
  indexIntervalBytes: fc.constantFrom(0, 100, 300, 4096),
  segmentIndexBytes: fc.constantFrom(60, 240, 10_485_760),
  flushMessages: fc.constantFrom(1, 7, Infinity, Infinity),
  preallocate: fc.boolean(),
  compressionType: fc.constantFrom('producer' as const, 'producer' as const, 'uncompressed' as const, 'lz4' as const),
  segmentMs: fc.constantFrom(604_800_000, 4000),
});

test('whatever happens to a log, it holds what a naive model says', async () => {
  await fc.assert(
    fc.asyncProperty(
      config,
      fc.boolean(),
      fc.commands(COMMANDS, { maxCommands: 40, size: 'max' }),
      async (given, isManaged, commands) => {
        const model = new NaiveLog(isManaged);
        const pair = new Pair(model, given);
        await pair.open();
        try {
          await fc.asyncModelRun(() => ({ model, real: pair }), commands);
        } finally {
          await pair.end();
        }
        expect(pair.log.directory).toMatch(/t-0$/);
      },
    ),
    { numRuns: RUNS },
  );
}, 600_000);
