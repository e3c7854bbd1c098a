/** Partitions to damage, read and truncate: Kafka's own fixtures, and logs that Kafka writes for the occasion. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FIXTURES } from '../support/fixtures.ts';
import { followerStream, mostBatchesAnAppend, smallLogConfig } from '../support/follower-stream.ts';
import { segmentsOf } from '../support/log-bytes.ts';
import type { Random } from '../support/random.ts';
import { askKafka } from './kafka.ts';

/** A partition that nobody changes, and the configuration (Kafka's names) that it was written with. */
export interface Source {
  readonly name: string;
  readonly directory: string;
  readonly config: Readonly<Record<string, string>>;
}

/** Megabytes that would say no more than their smaller neighbours; and the metadata log, which no broker loads this way. */
const PASSED_OVER = ['f-none-0', '__cluster_metadata-0'];
/** As the broker was configured that wrote the fixtures. */
const FIXTURE_CONFIG = { 'segment.index.bytes': '102400' };

/** The partitions of the fixtures that have data. */
export function fixtureSources(...sets: ('clean' | 'unclean' | 'legacy')[]): Source[] {
  return sets.flatMap((set) =>
    readdirSync(join(FIXTURES, set))
      .filter((name) => /-\d+$/.test(name) && !PASSED_OVER.includes(name))
      .map((name) => ({ name: `${set}/${name}`, directory: join(FIXTURES, set, name), config: FIXTURE_CONFIG }))
      .filter(({ directory }) => segmentsOf(directory).some(({ sizeBytes }) => sizeBytes > 0)),
  );
}

/** Logs with producers, transactions and epochs in small segments, which Kafka writes as a follower. */
export class FreshSources implements Disposable {
  readonly #root = mkdtempSync(join(tmpdir(), 'seglog-fresh-'));

  async write(random: Random, count: number): Promise<Source[]> {
    const sources = Array.from({ length: count }, (_, i) => ({
      name: `fresh/t-${i}`,
      directory: join(this.#root, `t-${i}`),
      config: smallLogConfig(random),
    }));
    const cases = sources.map(({ directory, config }) => {
      const [appends, most, firstOffset] = [
        random.between(10, 90),
        mostBatchesAnAppend(config),
        random.pick([0, 0, 5000]),
      ];
      const stream = followerStream(random, appends, most, firstOffset).map((bytes) => bytes.toString('base64'));
      return { dir: directory, config, now: 1_700_000_000_000, appends: stream };
    });
    const answers = await askKafka<{ error?: string; appends?: { error?: string }[] }>('OracleAppend', cases);
    for (const [i, { error, appends = [] }] of answers.entries()) {
      const refused = error ?? appends.find((append) => append.error !== undefined)?.error;
      if (refused !== undefined) throw new Error(`Kafka does not take the stream of ${sources[i]?.name}: ${refused}`);
    }
    return sources;
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

/** A timestamp of the log, or a little later, up to where producers expire (a day). */
export function momentAround(random: Random, directory: string): number {
  const timestamps = existsSync(directory)
    ? segmentsOf(directory).flatMap(({ entries }) => entries.map(({ maxTimestamp }) => Number(maxTimestamp)))
    : [];
  const from = timestamps.length === 0 ? 1_700_000_000_000 : random.pick(timestamps);
  return Math.max(0, from) + random.pick([0, 0, 3_600_000, 86_399_999, 86_400_000, 200_000_000]);
}
