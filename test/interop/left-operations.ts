/** Random operations on an open log: everything that changes what is on the disk. */
import type { Engine } from '../../src/engine/contract.ts';
import type { ManualClock } from '../../src/clock/clock.ts';
import { BatchBuilder, type BatchFields, type Log, type RecordInput } from '../../src/index.ts';
import type { Random } from '../support/random.ts';
import { CODECS } from './experiment.ts';
import { forgottenBy, type Transaction } from './left-forgotten.ts';
import type { IndexRestarts } from './left-restarts.ts';

/** What operations work on, and what they note. */
export interface Session {
  readonly log: Log;
  readonly engine: Engine;
  readonly clock: ManualClock;
  readonly random: Random;
  readonly restarts: IndexRestarts;
  readonly forgotten: Transaction[];
  readonly counts: Map<Operation, number>;
}

export type Operation = keyof typeof OPERATIONS;
type Operate = (session: Session) => Promise<void>;

const DEFAULT_LEVEL = 3;
const SEQUENCES = 2 ** 31;
const PRODUCERS = 4;

function recordsFor({ random, clock }: Session): RecordInput[] {
  return Array.from({ length: random.pick([1, 1, 2, 3, 8]) }, (_, i) => ({
    key: random.chance(0.2) ? null : `key ${i}`,
    value: random.chance(0.1) ? null : Buffer.alloc(random.between(0, 250), random.between(0, 255)),
    timestamp: clock.now() - random.between(0, 400) - (random.chance(0.1) ? 5000 : 0),
    headers: random.chance(0.1) ? [['name', random.bytes(3)] as const, ['none', null] as const] : [],
  }));
}

/** The identity under which a producer's next batch comes, by what the log knows of it. */
function nextIdentity({ log, random }: Session, wantsTransaction: boolean) {
  const producerId = 1000 + random.between(0, PRODUCERS - 1);
  const known = log.producers().find((producer) => producer.producerId === producerId);
  if (known === undefined) {
    // Of a producer that it does not know, a log takes any first sequence: here one soon to wrap.
    const baseSequence = random.chance(0.1) ? SEQUENCES - random.between(1, 12) : 0;
    return { producerId, producerEpoch: 0, baseSequence, isTransactional: wantsTransaction };
  }
  const inTransaction = known.currentTxnFirstOffset !== -1;
  const isTransactional = inTransaction || wantsTransaction;
  if (!inTransaction && random.chance(0.15)) {
    return { producerId, producerEpoch: known.producerEpoch + 1, baseSequence: 0, isTransactional };
  }
  const baseSequence = (known.lastSequence + 1) % SEQUENCES;
  return { producerId, producerEpoch: known.producerEpoch, baseSequence, isTransactional };
}

function latestEpoch(log: Log): number {
  return Math.max(log.leaderEpoch, ...log.leaderEpochs().map(({ epoch }) => epoch));
}

/** A batch as a leader would have made it, with gaps in its offsets or before it. */
function batchOfLeader(session: Session, baseOffset: number, fields: Partial<BatchFields>): Buffer {
  const { engine, random, clock } = session;
  const builder = new BatchBuilder(engine);
  let delta = 0;
  for (const { key = null, value, timestamp, headers } of recordsFor(session)) {
    const bytes = typeof key === 'string' ? Buffer.from(key) : key;
    builder.add(timestamp ?? clock.now(), bytes, value as Buffer | null, headers, delta);
    delta += random.chance(0.1) ? 3 : 1;
  }
  const lastOffset = baseOffset + builder.lastOffsetDelta + (random.chance(0.1) ? 2 : 0);
  const codec = random.pick([0, 0, 1, 2, 3, 4] as const);
  const { bytes, length } = builder.build(
    { ...fields, baseOffset, lastOffset },
    { codec, level: codec === 0 ? 0 : DEFAULT_LEVEL },
  );
  return Buffer.from(bytes.subarray(0, length));
}

async function truncate({ log, restarts, forgotten }: Session, offset: number): Promise<void> {
  if (await log.truncateTo(offset)) restarts.truncated(log.segments());
  forgotten.push(...forgottenBy(log));
}

async function append(session: Session, kind: 'plain' | 'idempotent' | 'transactional'): Promise<void> {
  const compression = session.random.pick(CODECS);
  const producer = kind === 'plain' ? {} : { producer: nextIdentity(session, kind === 'transactional') };
  await session.log.append(recordsFor(session), { compression, ...producer });
}

const OPERATIONS = {
  plain: (session) => append(session, 'plain'),
  idempotent: (session) => append(session, 'idempotent'),
  transactional: (session) => append(session, 'transactional'),
  async 'end of a transaction'({ log, random }) {
    const open = log.producers().filter(({ currentTxnFirstOffset }) => currentTxnFirstOffset !== -1);
    if (open.length === 0) return;
    const { producerId, producerEpoch, coordinatorEpoch } = random.pick(open);
    await log.endTransaction({
      producerId,
      // A coordinator that gives up on a producer raises the epoch with its marker.
      producerEpoch: producerEpoch + (random.chance(0.1) ? 1 : 0),
      result: random.pick(['commit', 'abort'] as const),
      coordinatorEpoch: Math.max(0, coordinatorEpoch) + random.pick([0, 0, 1]),
    });
  },
  async follower(session) {
    const { log, random } = session;
    const base = log.logEndOffset + random.pick([0, 0, 1, 40]);
    const partitionLeaderEpoch = latestEpoch(log) + (random.chance(0.1) ? 2 : 0);
    const producer = random.chance(0.5) ? nextIdentity(session, random.chance(0.5)) : {};
    const first = batchOfLeader(session, base, { ...producer, partitionLeaderEpoch });
    // Two batches in one append could overrun an index that has little room.
    const isTwo = log.config.segmentIndexBytes > 1000 && random.chance(0.4);
    const second = isTwo ? [batchOfLeader(session, base + 40, { partitionLeaderEpoch })] : [];
    await log.appendEncoded(Buffer.concat([first, ...second]), 'given');
  },
  async 'truncation to a batch'(session) {
    const { log, random } = session;
    const found = log.find(Math.max(log.logStartOffset, log.logEndOffset - random.between(1, 40)));
    if (found !== undefined) await truncate(session, found.baseOffset);
  },
  async 'truncation anywhere'(session) {
    const { log, random } = session;
    const reach = random.chance(0.7) ? 30 : log.logEndOffset - log.logStartOffset;
    await truncate(session, Math.max(0, log.logEndOffset - random.between(1, Math.max(1, reach))));
  },
  async 'full truncation'({ log, random, restarts }) {
    await log.truncateFullyAndStartAt(log.logEndOffset + random.pick([0, 7, 1000]));
    restarts.emptied();
  },
  async 'delete records'({ log, random, restarts }) {
    const most = Math.floor((log.logEndOffset - log.logStartOffset) / 2);
    await log.deleteRecordsBefore(log.logStartOffset + random.between(0, most));
    restarts.removed(log.segments());
  },
  async 'leader epoch'({ log, random }) {
    log.becomeLeader(latestEpoch(log) + random.between(1, 3));
  },
  async flush({ log, clock }) {
    await log.flush();
    clock.advance(6000);
  },
  async pause({ clock, random }) {
    clock.advance(random.pick([10, 900, 25_000]));
  },
} as const satisfies Readonly<Record<string, Operate>>;

/** How often each comes, of a hundred and a few. */
const WEIGHTS: Readonly<Record<Operation, number>> = {
  plain: 20,
  idempotent: 15,
  transactional: 20,
  'end of a transaction': 16,
  follower: 12,
  'truncation to a batch': 2,
  'truncation anywhere': 3,
  'full truncation': 0.4,
  'delete records': 2,
  'leader epoch': 4,
  flush: 2,
  pause: 8,
};

export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly Operation[];

/** Does one operation, by the weights. */
export async function operate(session: Session): Promise<void> {
  const { random, clock, counts } = session;
  const total = OPERATION_NAMES.reduce((sum, name) => sum + WEIGHTS[name], 0);
  let left = random.next() * total;
  const name = OPERATION_NAMES.find((one) => (left -= WEIGHTS[one]) < 0) ?? 'plain';
  clock.advance(random.between(0, 300));
  await OPERATIONS[name](session);
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
