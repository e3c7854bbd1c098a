/**
 * What Kafka's coordinator knows of transactions that are open: the last record of each transactional id in `__transaction_state`.
 *
 *     ongoing                  nobody has decided: Kafka aborts it when its time is over
 *     to be committed, or      decided: Kafka writes the markers that are not there yet when it starts, and may have
 *     to be aborted            written some of them
 *
 * Such a one Kafka ends itself when it has the directories again. One that a store began, or of which the coordinator has forgotten,
 * would never end: who reads what is committed would wait for ever.
 */
import { SeglogError } from '../errors/errors.ts';
import { TransactionLogKey, TransactionLogValue } from '../message/generated/transaction-log.ts';
import { readMessage } from '../message/read.ts';
import { MessageReader } from '../message/reader.ts';
import { LogReader } from '../log/log-reader.ts';
import type { OpenTransaction } from './producers.ts';
import type { Survey, SurveyedPartition, SurveyEnvironment } from './survey.ts';

const TRANSACTIONS_TOPIC = '__transaction_state';
const KEY_TYPE = 0;

/** Kafka's `TransactionState`, of those that have no end yet: how each is to end. */
const DECISIONS: ReadonlyMap<number, Decision> = new Map([
  [1, undefined],
  [2, 'commit'],
  [3, 'abort'],
]);

/** undefined: nobody has decided. */
type Decision = 'commit' | 'abort' | undefined;

/** A transaction that the coordinator knows. */
interface KnownTransaction {
  readonly transactionalId: string;
  readonly producerId: bigint;
  readonly producerEpoch: number;
  readonly decision: Decision;
  /** `topic-partition` of all of them. */
  readonly partitions: readonly string[];
}

/** Transactions that are open, each with what is to be told of it. */
export interface JudgedTransactions {
  /** Those that Kafka ends itself. */
  readonly known: readonly SeglogError[];
  /** Those that it does not, and why nothing can be said of any where the topic cannot be read. */
  readonly unknown: readonly SeglogError[];
}

/** Looks up what the coordinator knows of transactions that are open. @throws SeglogError `IO` */
export function judgeTransactions(
  environment: SurveyEnvironment,
  survey: Survey,
  open: readonly OpenTransaction[],
): JudgedTransactions {
  if (open.length === 0) return { known: [], unknown: [] };
  const known: SeglogError[] = [];
  const unknown: SeglogError[] = [];
  const transactions = new Map<bigint, KnownTransaction>();
  for (const partition of survey.directories.flatMap(({ partitions }) => partitions)) {
    if (partition.topic !== TRANSACTIONS_TOPIC) continue;
    try {
      for (const one of transactionsIn(environment, partition)) transactions.set(one.producerId, one);
    } catch (error) {
      if (!(error instanceof SeglogError) || error.code === 'IO') throw error;
      unknown.push(unread(partition, error));
    }
  }
  for (const one of open) {
    const found = transactions.get(one.producerId);
    if (found !== undefined && isOf(found, one)) known.push(knownTransaction(one, found));
    else unknown.push(unknownTransaction(one));
  }
  return { known, unknown };
}

/** A marker of the coordinator's ends it: one of a lower epoch would be refused. */
function isOf({ producerEpoch, partitions }: KnownTransaction, open: OpenTransaction): boolean {
  const { topic, partition } = open.partition;
  return producerEpoch >= open.producerEpoch && partitions.includes(`${topic}-${partition}`);
}

/** Those that have no end yet, as the last record of each says. */
function transactionsIn(
  { engine, fs, clock }: SurveyEnvironment,
  { path }: SurveyedPartition,
): Iterable<KnownTransaction> {
  using reader = LogReader.open(path, { engine, fs, clock });
  const byId = new Map<string, KnownTransaction>();
  for (const batch of reader.readSync({ isolation: 'log_end' })) {
    if (batch.isControl) continue;
    for (const { key, value } of batch.records()) {
      const transactionalId = key === null ? undefined : transactionalIdOf(key);
      if (transactionalId === undefined) continue;
      const known = value === null ? undefined : transactionOf(transactionalId, value);
      if (known === undefined) byId.delete(transactionalId);
      else byId.set(transactionalId, known);
    }
  }
  return byId.values();
}

function transactionalIdOf(key: Uint8Array): string | undefined {
  const reader = new MessageReader(key);
  return reader.int16() === KEY_TYPE ? readMessage(TransactionLogKey, reader, 0).transactionalId : undefined;
}

function transactionOf(transactionalId: string, value: Uint8Array): KnownTransaction | undefined {
  const reader = new MessageReader(value);
  const said = readMessage(TransactionLogValue, reader, reader.int16());
  if (!DECISIONS.has(said.transactionStatus)) return undefined;
  return {
    ...{ transactionalId, producerId: BigInt(said.producerId), producerEpoch: said.producerEpoch },
    decision: DECISIONS.get(said.transactionStatus),
    partitions: (said.transactionPartitions ?? []).flatMap(({ topic, partitionIds }) =>
      partitionIds.map((partition) => `${topic}-${partition}`),
    ),
  };
}

function unread({ path }: SurveyedPartition, cause: SeglogError): SeglogError {
  return new SeglogError(cause.code, `what Kafka has written of transactions cannot be read: ${cause.message}`, {
    ...{ file: path, cause },
    action: 'Look at it with `seglog dump --decode transactions`',
  });
}

function knownTransaction(
  { partition: { path }, producerId, firstOffset }: OpenTransaction,
  { transactionalId, decision, partitions }: KnownTransaction,
): SeglogError {
  const said = decision === undefined ? 'has not decided' : `has decided to ${decision}`;
  const result = decision ?? 'abort';
  return new SeglogError(
    'INVALID_TRANSACTION_STATE',
    `producer ${producerId} has a transaction open that Kafka ${said}: ${transactionalId}`,
    {
      ...{ file: path, baseOffset: firstOffset, found: `one from offset ${firstOffset} on` },
      action: `Kafka ends it when it has the directories again. Before that, end it with \`log.endTransaction\` and \`result: '${result}'\` alone, in all of its partitions: ${partitions.join(', ')}`,
    },
  );
}

function unknownTransaction({ partition: { path }, producerId, firstOffset }: OpenTransaction): SeglogError {
  return new SeglogError(
    'INVALID_TRANSACTION_STATE',
    `producer ${producerId} has a transaction open that no coordinator of Kafka's knows`,
    {
      ...{ file: path, baseOffset: firstOffset },
      expected: 'every transaction committed or aborted',
      found: `one from offset ${firstOffset} on`,
      action: 'End it with `log.endTransaction` while a store has the log open',
    },
  );
}
