/**
 * Every workload written with every codec, and what Kafka makes of copies of it. A Java machine takes half a second to
 * start, so each step asks about all partitions at once, when the first test needs it.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type Codec, Log } from '../../src/index.ts';
import type { ExpectedRecord } from '../support/fixtures.ts';
import { type KafkaRecord, type OpenAnswer, openWithKafka, readBack, type ReadSegment } from './kafka.ts';
import { FIRST_TIMESTAMP, WORKLOADS, type Workload } from './workloads.ts';
import { readAll, type Written, writePartition } from './written.ts';

export const CODECS: readonly Codec[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** What Kafka appends behind us. */
export const KAFKA_RECORDS: readonly KafkaRecord[] = [
  { timestamp: FIRST_TIMESTAMP + 2_000_000, key: null, value: null, headers: [] },
  {
    timestamp: FIRST_TIMESTAMP + 1,
    key: base64('from Kafka'),
    value: base64('x'.repeat(2000)),
    headers: [['h', null]],
  },
  { timestamp: FIRST_TIMESTAMP + 2, key: base64('ключ'), value: '', headers: [['ä', base64('1')]] },
];
/** What we append behind Kafka. */
export const OUR_RECORD = { value: 'behind Kafka', timestamp: FIRST_TIMESTAMP };

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

function once<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return async () => (running ??= work());
}

/** Kafka's names of our settings, so that a recovery indexes as often as we did. */
function kafkaConfig({ config }: Workload): Record<string, string> {
  return {
    'internal.segment.bytes': String(config.segmentBytes ?? 1 << 30),
    'index.interval.bytes': String(config.indexIntervalBytes ?? 4096),
  };
}

/** A log after Kafka appended to it and we did again. */
export interface Continued {
  answer: OpenAnswer;
  /** What we read after Kafka's append. */
  readByUs: ExpectedRecord[];
  /** The offset of our own append. */
  ourOffset: number;
  /** What Kafka reads in the end. */
  readByKafka: ReadSegment[];
}

/** The partitions, by a name for codec and workload, and the steps with them. */
export class Experiment {
  readonly #root = mkdtempSync(join(tmpdir(), 'seglog-interop-'));
  /** A partition that could not be written fails its own tests only. */
  readonly #failures = new Map<string, unknown>();

  static key(codec: Codec, { name }: Workload): string {
    return `${name}, ${codec}`;
  }

  readonly written = once(async () => {
    const all = new Map<string, Written>();
    for (const [c, codec] of CODECS.entries()) {
      for (const [w, workload] of WORKLOADS.entries()) {
        const key = Experiment.key(codec, workload);
        try {
          all.set(key, await writePartition(join(this.#root, 'written', `${c}-${w}`, 't-0'), workload, codec));
        } catch (error) {
          this.#failures.set(key, error);
        }
      }
    }
    return all;
  });

  /** Kafka's reading of the files as we left them. */
  readonly read = once(async () => this.#readBack(await this.written()));

  /** Kafka's answers after opening them as closed cleanly. */
  readonly opened = once(async () =>
    this.#open(await this.#copies('opened'), ({ timestamps, reads }) => ({
      timestamps: timestamps.map(({ timestamp }) => timestamp),
      reads: reads.map(({ from }) => ({ from, maxBytes: 1 })),
    })),
  );

  /** Copies that Kafka opened as after a crash, and what it says. */
  readonly recovered = once(async () => {
    const copies = await this.#copies('recovered');
    const answers = await this.#open(copies, ({ workload }) => ({ clean: false, config: kafkaConfig(workload) }));
    return new Map([...answers].map(([key, answer]) => [key, { answer, directory: answer.dir }]));
  });

  /** Kafka appends, we read all and append, Kafka reads all. */
  readonly continued = once(async () => {
    const copies = await this.#copies('continued');
    const answers = await this.#open(copies, ({ workload, codec }) => ({
      config: kafkaConfig(workload),
      append: { compression: codec, records: KAFKA_RECORDS },
    }));
    const ours = new Map<string, { readByUs: ExpectedRecord[]; ourOffset: number }>();
    for (const [key, written] of copies) {
      try {
        ours.set(key, await this.#continue(written));
      } catch (error) {
        this.#failures.set(key, error);
        copies.delete(key);
      }
    }
    const read = await this.#readBack(copies);
    return new Map(
      [...ours].map(([key, our]): [string, Continued] => [
        key,
        { ...our, answer: this.get(answers, key), readByKafka: this.get(read, key) },
      ]),
    );
  });

  /** What a step found for a partition; throws what went wrong with that one. */
  get<T>(found: ReadonlyMap<string, T>, key: string): T {
    const one = found.get(key);
    if (one === undefined) throw new Error(`could not be done: ${key}`, { cause: this.#failures.get(key) });
    return one;
  }

  close(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  /** A step gets copies, so that it does not see what Kafka did in another. */
  async #copies(step: string): Promise<Map<string, Written>> {
    const all = [...(await this.written())];
    return new Map(
      all.map(([key, written], i) => {
        const directory = join(this.#root, step, String(i), basename(written.directory));
        cpSync(written.directory, directory, { recursive: true });
        return [key, { ...written, directory }];
      }),
    );
  }

  async #open(
    partitions: ReadonlyMap<string, Written>,
    questions: (written: Written) => object,
  ): Promise<Map<string, OpenAnswer>> {
    const all = [...partitions];
    const answers = await openWithKafka(all.map(([, written]) => ({ dir: written.directory, ...questions(written) })));
    return new Map(all.map(([key], i) => [key, answers[i] as OpenAnswer]));
  }

  async #readBack(partitions: ReadonlyMap<string, Written>): Promise<Map<string, ReadSegment[]>> {
    const all = [...partitions];
    const read = await readBack(...all.map(([, { directory }]) => directory));
    return new Map(
      all.map(([key, { directory }]) => [key, read.filter(({ file }) => file.startsWith(`${directory}/`))]),
    );
  }

  async #continue({ directory, workload, codec }: Written): Promise<{ readByUs: ExpectedRecord[]; ourOffset: number }> {
    await using log = await Log.open(directory, { ...workload.config, messageTimestampType: 'CreateTime' });
    const readByUs = await readAll(log);
    const { baseOffset } = await log.append(OUR_RECORD, { compression: codec });
    return { readByUs, ourOffset: baseOffset };
  }
}
