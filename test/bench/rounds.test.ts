import { expect, it } from 'vitest';
import { type BenchLine, benchLine } from '../../src/bench/line.ts';
import { countedRounds, type RoundPlan, roundsOf } from '../../src/bench/rounds.ts';

/** Rounds of a second each; tells how many were begun. */
async function run(plan: RoundPlan, linesPerRound: 1 | 2 = 1): Promise<{ lines: BenchLine[]; begun: number }> {
  let begun = 0;
  async function* rounds(): AsyncGenerator<BenchLine, void, void> {
    for (let round = 0; round < roundsOf(plan); round++) {
      begun++;
      const measured = { records: round, bytes: 0, elapsedMs: 1000 };
      yield benchLine('append', round, 'ts', measured);
      if (linesPerRound === 2) yield benchLine('sync', round, 'ts', measured);
      await Promise.resolve();
    }
  }
  const lines: BenchLine[] = [];
  for await (const line of countedRounds(rounds(), plan, linesPerRound)) lines.push(line);
  return { lines, begun };
}

it('rounds that warm up are run and not told of; the others count from 0', async () => {
  const { lines, begun } = await run({ warmUp: 2, rounds: 3 });
  expect(begun).toBe(5);
  expect(lines.map(({ round, records }) => [round, records])).toEqual([
    [0, 2],
    [1, 3],
    [2, 4],
  ]);
});

it('a duration ends after the round in which it is over, warming up left out', async () => {
  const { lines, begun } = await run({ warmUp: 1, rounds: 3, durationSeconds: 4.5 });
  expect(lines).toHaveLength(5);
  expect(begun).toBe(6);
});

it('a duration never ends between the two lines of a round', async () => {
  const { lines, begun } = await run({ warmUp: 0, rounds: 3, durationSeconds: 2.5 }, 2);
  expect(lines.map(({ work }) => work)).toEqual(['append', 'sync', 'append', 'sync']);
  expect(begun).toBe(2);
});
