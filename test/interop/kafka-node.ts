/** A whole Apache Kafka in a JVM of its own, started on directories and asked: bench/peer/KafkaNode.java, with types. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { peerCommand } from '../../scripts/peer.mjs';
import type { Endpoint } from '../../src/handover/server-properties.ts';
import type { ExpectedRecord } from '../support/fixtures.ts';

/** A record for Kafka's producer; bytes in base64. */
export interface SentRecord {
  readonly timestamp?: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers?: readonly (readonly [string, string | null])[];
}

/** A record as Kafka's consumer has it. */
export type ConsumedByKafka = Omit<ExpectedRecord, 'type'>;

/** A topic as Kafka's Admin describes it. */
export interface KafkaTopic {
  readonly name: string;
  readonly id: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly partitions: readonly { readonly leader: number; readonly replicas: number[]; readonly isr: number[] }[];
}

/** A group as Kafka's Admin describes it; offsets by `topic-partition`. */
export interface KafkaGroup {
  readonly state: string;
  readonly committed: Readonly<Record<string, { readonly offset: number; readonly metadata: string }>>;
}

/** The JVM. Whoever makes one closes it. */
export class KafkaNode {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  #errors = '';

  constructor() {
    const { command, args } = peerCommand('KafkaNode', []);
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    // A question that comes when it has ended is answered by its end.
    this.#child.stdin.on('error', () => undefined);
    this.#child.stderr.on(
      'data',
      (data: Buffer) => void (this.#errors = (this.#errors + data.toString()).slice(-4000)),
    );
    this.#answers = createInterface(this.#child.stdout)[Symbol.asyncIterator]();
  }

  /** Asks, and waits for the answer. Questions are asked one after the other. */
  async ask<Answer = Record<string, never>>(
    question: { readonly op: string } & Record<string, unknown>,
  ): Promise<Answer> {
    this.#child.stdin.write(`${JSON.stringify(question)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error(`Kafka's JVM ended at ${question.op}: ${this.#errors}`);
    const answer = JSON.parse(value) as Answer & { error?: string };
    if (answer.error !== undefined) throw new Error(`${question.op}: ${answer.error}\n${this.#errors}`);
    return answer;
  }

  async topics(): Promise<KafkaTopic[]> {
    return (await this.ask<{ topics: KafkaTopic[] }>({ op: 'topics' })).topics;
  }

  async groups(): Promise<Record<string, KafkaGroup>> {
    return (await this.ask<{ groups: Record<string, KafkaGroup> }>({ op: 'groups' })).groups;
  }

  /** All records that count, of each of the partitions. */
  async consume(partitions: readonly (readonly [topic: string, partition: number])[]): Promise<ConsumedByKafka[][]> {
    const question = { op: 'consume', partitions, isolation: 'read_committed' };
    const answer = await this.ask<{ partitions: { records: ConsumedByKafka[] }[] }>(question);
    return answer.partitions.map(({ records }) => records);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) return resolve();
      this.#child.once('exit', () => resolve());
      this.#child.stdin.end();
    });
  }
}

/** Two ports that nobody listens on. */
export async function freeEndpoints(): Promise<{ listener: Endpoint; controllerListener: Endpoint }> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => void server.listen(0, 'localhost', resolve));
    ports.push((server.address() as { port: number }).port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => void server.close(resolve))));
  const [listener, controllerListener] = ports.map((port) => ({ host: 'localhost', port }));
  if (listener === undefined || controllerListener === undefined) throw new Error('no ports');
  return { listener, controllerListener };
}
