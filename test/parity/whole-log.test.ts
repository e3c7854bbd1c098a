import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { type Codec, Log, LogReader, type LogRecord, type RecordInput } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';
import { describeParity, type Outcome, settledOutcomeOf } from './engines.ts';
import { recordPlan } from './inputs.ts';

const START_MS = 1_700_000_000_000;

type Step =
  | { readonly what: 'append'; readonly records: RecordInput[]; readonly compression: Codec }
  | { readonly what: 'wait'; readonly ms: number }
  | { readonly what: 'flush' | 'reopen' };

const record: fc.Arbitrary<RecordInput> = fc
  .tuple(recordPlan, fc.integer({ min: -1, max: 5000 }))
  .map(([{ key, value, headers }, late]) => ({
    key,
    value,
    headers,
    // Some have no timestamp, and some are older than the one before.
    ...(late < 0 ? {} : { timestamp: START_MS + late }),
  }));

function program(codecs: readonly Codec[]): fc.Arbitrary<Step[]> {
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        what: fc.constant('append' as const),
        records: fc.array(record, { minLength: 1, maxLength: 5 }),
        compression: fc.constantFrom(...codecs),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
    },
    { weight: 1, arbitrary: fc.record({ what: fc.constantFrom('flush' as const, 'reopen' as const) }) },
  );
  return fc.array(step, { minLength: 1, maxLength: 30 });
}

const config = fc.record({
  segmentBytes: fc.constantFrom<number>(300, 1500, 20_000),
  indexIntervalBytes: fc.constantFrom(0, 100, 1000),
  segmentIndexBytes: fc.constantFrom<number>(48, 1000),
  segmentMs: fc.constantFrom(1000, 30_000, 604_800_000),
  preallocate: fc.boolean(),
  messageTimestampType: fc.constantFrom('CreateTime' as const, 'LogAppendTime' as const),
});
type Config = typeof config extends fc.Arbitrary<infer T> ? T : never;

/** Runs a program on a log of its own; gives what every step came to. */
async function run(
  engine: Engine,
  directory: string,
  options: Config,
  steps: readonly Step[],
): Promise<Outcome<unknown>[]> {
  const clock = new ManualClock(START_MS);
  const open = async (): Promise<Log> => Log.open(directory, { ...options, engine, clock });
  let log = await open();
  const outcomes: Outcome<unknown>[] = [];
  for (const step of steps) {
    const current = log;
    if (step.what === 'append')
      outcomes.push(
        await settledOutcomeOf(async () => current.append(step.records, { compression: step.compression })),
      );
    else if (step.what === 'wait') clock.advance(step.ms);
    else if (step.what === 'flush') await current.flush();
    else {
      await current.close();
      log = await open();
    }
  }
  outcomes.push({ value: log.logEndOffset });
  await log.close();
  return outcomes;
}

/** Everything in the directory, by name. */
function filesOf(directory: string): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory)
      .sort()
      .map((name) => [name, readFileSync(join(directory, name)).toString('hex')]),
  );
}

async function recordsOf(engine: Engine, directory: string): Promise<LogRecord[]> {
  using reader = LogReader.open(directory, { engine });
  const records: LogRecord[] = [];
  for await (const batch of reader.read()) records.push(...batch.records());
  return records;
}

describeParity('a whole log', ({ native, portable, ts }) => {
  test('the same program leaves the same files', async () => {
    const root = scratch();
    let runs = 0;
    let mostSegments = 0;
    await fc.assert(
      fc.asyncProperty(program(['none']), config, async (steps, options) => {
        runs++;
        const seen = [];
        for (const [name, engine] of [
          ['native', native],
          ['portable', portable],
          ['ts', ts],
        ] as const) {
          const parent = join(root, `${runs}-${name}`);
          mkdirSync(parent);
          const outcomes = await run(engine, join(parent, 't-0'), options, steps);
          seen.push({ outcomes, files: filesOf(join(parent, 't-0')) });
        }
        expect(seen[1]).toEqual(seen[0]);
        expect(seen[2]).toEqual(seen[0]);
        const names = Object.keys(seen[0]?.files ?? {});
        expect(names).toEqual(
          expect.arrayContaining([
            expect.stringMatching(/\.log$/),
            expect.stringMatching(/\.index$/),
            expect.stringMatching(/\.timeindex$/),
          ]),
        );
        mostSegments = Math.max(mostSegments, names.filter((name) => name.endsWith('.log')).length);
      }),
      { numRuns: 40 },
    );
    expect(mostSegments).toBeGreaterThan(2);
  });

  test('each engine reads from the other what was appended, whatever the codec', async () => {
    const root = scratch();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(program(['gzip', 'snappy', 'lz4', 'zstd']), config, async (steps, options) => {
        runs++;
        const read = [];
        for (const writer of [native, ts]) {
          const parent = join(root, `${runs}-${writer.name}`);
          mkdirSync(parent);
          const directory = join(parent, 't-0');
          // Whether a batch still fits a segment depends on how well it compresses.
          await run(writer, directory, { ...options, segmentBytes: 1_000_000 }, steps);
          for (const reader of [native, ts]) read.push(JSON.stringify(await recordsOf(reader, directory)));
        }
        expect(read[1]).toBe(read[0]);
        expect(read[2]).toBe(read[0]);
        expect(read[3]).toBe(read[0]);
      }),
      { numRuns: 25 },
    );
  });
});
