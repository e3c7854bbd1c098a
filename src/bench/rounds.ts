/** Which rounds count: none that only warm up, and none after the time is over. */
import type { BenchLine } from './line.ts';

/** How many rounds there are. */
export interface RoundPlan {
  /** Rounds before the ones that count. */
  readonly warmUp: number;
  /** Rounds that count; with a duration, the most of them. */
  readonly rounds: number;
  /** Rounds are begun until those that count have taken so long, in seconds of their timed parts. */
  readonly durationSeconds?: number;
}

/** How many rounds a bench must be ready to do. */
export function roundsOf({ warmUp, rounds, durationSeconds }: RoundPlan): number {
  return durationSeconds === undefined ? warmUp + rounds : Number.POSITIVE_INFINITY;
}

/**
 * The lines that count, numbered from 0.
 *
 * @param linesPerRound some works are measured in turn with another
 */
export async function* countedRounds(
  lines: AsyncIterable<BenchLine>,
  { warmUp, durationSeconds = Number.POSITIVE_INFINITY }: RoundPlan,
  linesPerRound: number,
): AsyncGenerator<BenchLine, void, void> {
  let seconds = 0;
  let seen = 0;
  for await (const line of lines) {
    seen++;
    if (line.round < warmUp) continue;
    seconds += line.seconds;
    yield { ...line, round: line.round - warmUp };
    if (seconds >= durationSeconds && seen % linesPerRound === 0) return;
  }
}
