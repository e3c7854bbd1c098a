/** The groups of one partition of `__consumer_offsets`, as its records have them: each key's last one. */
import { SeglogError } from '../../errors/errors.ts';
import { readEndTransactionMarker } from '../../format/control-record.ts';
import type { RecordBatch } from '../../record/record-batch.ts';
import { type OffsetsRecord, type OtherProtocol, readOffsetsRecord } from '../records/codec.ts';
import type { StoredOffset } from '../records/committed-offset.ts';
import type { GroupRecord } from '../records/group-record.ts';

/** What is committed of a partition, and under which keys it stands. */
export interface StoredPosition {
  readonly topic: string;
  readonly partition: number;
  /** Or why it cannot be used. */
  readonly value: StoredOffset | SeglogError;
  /** The offset of the record itself. */
  readonly recordOffset: number;
  /** Whether there is one under the old key (type 0), too. */
  readonly hasLegacyKey: boolean;
}

/** A group as its records have it. */
export interface StoredGroup {
  readonly id: string;
  /** Its own record, of a classic group; or why it cannot be used. */
  record: GroupRecord | SeglogError | undefined;
  /** By {@link positionKey}. */
  readonly positions: Map<string, StoredPosition>;
  /** Keys of live records of a group of another protocol, by their hex. */
  readonly others: Map<string, Uint8Array>;
  protocol: OtherProtocol | undefined;
}

/** @throws SeglogError `INCONSISTENT_GROUP_PROTOCOL` for a group whose positions only Kafka's own coordinator may change */
export function checkOfConsumers(id: string, group: StoredGroup | undefined): void {
  const protocol = group?.protocol;
  if (protocol !== 'share' && protocol !== 'streams') return;
  throw new SeglogError('INCONSISTENT_GROUP_PROTOCOL', `the group ${id} is not one of consumers`, {
    expected: 'a group of consumers',
    found: protocol,
  });
}

/** A record that only counts when its transaction is committed. */
interface PendingRecord {
  readonly record: OffsetsRecord;
  readonly key: Uint8Array;
  readonly offset: number;
}

/** One key for a topic's partition: no two have the same. */
export function positionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** Groups by id, made from records in their order. */
export class StoredGroups {
  readonly groups: Map<string, StoredGroup> = new Map();
  readonly #pending = new Map<number, PendingRecord[]>();
  readonly #tell: (problem: SeglogError, recordOffset: number) => void;

  /** @param tell is told of records that cannot be used; they stay where they are */
  constructor(tell: (problem: SeglogError, recordOffset: number) => void) {
    this.#tell = tell;
  }

  /** Applies a batch. What is part of a transaction waits for its marker. @throws SeglogError for a batch that cannot be decoded */
  apply(batch: RecordBatch): void {
    if (batch.isControl) return this.#endTransaction(batch);
    for (const { key, value, offset } of batch.records()) {
      const record = readOffsetsRecord(key, value);
      if (!batch.isTransactional) this.put(record, key ?? new Uint8Array(), offset);
      else this.#wait(batch.producerId, { record, key: Uint8Array.from(key ?? []), offset });
    }
  }

  #wait(producerId: number, record: PendingRecord): void {
    const waiting = this.#pending.get(producerId);
    if (waiting === undefined) this.#pending.set(producerId, [record]);
    else waiting.push(record);
  }

  #endTransaction(batch: RecordBatch): void {
    for (const { key, value } of batch.records()) {
      const marker = readEndTransactionMarker(key, value);
      if (marker === undefined) continue;
      const waiting = this.#pending.get(batch.producerId) ?? [];
      this.#pending.delete(batch.producerId);
      if (marker.type === 'commit') for (const one of waiting) this.put(one.record, one.key, one.offset);
    }
  }

  /** Groups that have offsets in a transaction that is open. */
  get undecided(): ReadonlySet<string> {
    const groups = [...this.#pending.values()].flat().map(({ record }) => ('group' in record ? record.group : ''));
    return new Set(groups.filter((group) => group !== ''));
  }

  /** A record takes the place of what its key had before. */
  put(record: OffsetsRecord, key: Uint8Array, recordOffset: number): void {
    switch (record.kind) {
      case 'offset':
        return this.#putOffset(record, recordOffset);
      case 'group':
        return this.#putGroup(record, recordOffset);
      case 'other':
        return this.#putOther(record, key);
      case 'unknown':
        return this.#tell(record.problem, recordOffset);
    }
  }

  #putOffset(record: OffsetsRecord & { readonly kind: 'offset' }, recordOffset: number): void {
    const { topic, partition, value, isLegacy } = record;
    const group = this.#group(record.group);
    const key = positionKey(topic, partition);
    const known = group.positions.get(key);
    // What was committed in a transaction counts from its own place on, not from its marker's.
    if (known !== undefined && known.recordOffset > recordOffset) return;
    if (value === null) {
      group.positions.delete(key);
      return this.#forgetIfGone(group);
    }
    if (value instanceof Error) this.#tell(value, recordOffset);
    const hasLegacyKey = isLegacy || known?.hasLegacyKey === true;
    group.positions.set(key, { topic, partition, value, recordOffset, hasLegacyKey });
  }

  #putGroup({ group: id, value }: OffsetsRecord & { readonly kind: 'group' }, recordOffset: number): void {
    const group = this.#group(id);
    group.record = value ?? undefined;
    if (value instanceof Error) this.#tell(value, recordOffset);
    if (value === null) this.#forgetIfGone(group);
  }

  #putOther(record: OffsetsRecord & { readonly kind: 'other' }, key: Uint8Array): void {
    const group = this.#group(record.group);
    const hex = Buffer.from(key).toString('hex');
    if (record.isTombstone) group.others.delete(hex);
    else group.others.set(hex, Uint8Array.from(key));
    group.protocol = group.others.size > 0 ? record.protocol : undefined;
    if (record.isTombstone) this.#forgetIfGone(group);
  }

  #group(id: string): StoredGroup {
    const known = this.groups.get(id);
    if (known !== undefined) return known;
    const group = { id, record: undefined, positions: new Map(), others: new Map(), protocol: undefined };
    this.groups.set(id, group);
    return group;
  }

  #forgetIfGone(group: StoredGroup): void {
    const { record, positions, others } = group;
    if (record === undefined && positions.size === 0 && others.size === 0) this.groups.delete(group.id);
  }
}
