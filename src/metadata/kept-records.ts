/** Records that a store has no use for, and that must not be lost: the last one of each subject, as it was written. */
import type { ProducerIdsRecord } from '../message/generated/metadata-log.ts';
import type {
  AccessControlEntryRecord,
  ClientQuotaRecord,
  DelegationTokenRecord,
  RemoveAccessControlEntryRecord,
  RemoveDelegationTokenRecord,
  RemoveUserScramCredentialRecord,
  UserScramCredentialRecord,
} from '../message/generated/metadata-security.ts';
import type { MetadataRecord } from './record.ts';
import { RECORD_TYPES } from './record-types.ts';

/** What a record is about, and whether it ends that. */
interface Subject {
  readonly key: string;
  readonly removes?: boolean;
}

function subjectOf({ type, data }: MetadataRecord): Subject | undefined {
  switch (type) {
    case RECORD_TYPES.clientQuota: {
      const { entity, key, remove } = data as ClientQuotaRecord;
      const parts = entity.map(({ entityType, entityName }) => JSON.stringify([entityType, entityName])).sort();
      return { key: `quota ${parts.join()} ${key}`, removes: remove };
    }
    case RECORD_TYPES.producerIds:
      return { key: 'producer ids' };
    case RECORD_TYPES.accessControl:
      return { key: `access ${(data as AccessControlEntryRecord).id}` };
    case RECORD_TYPES.removeAccessControl:
      return { key: `access ${(data as RemoveAccessControlEntryRecord).id}`, removes: true };
    case RECORD_TYPES.scram: {
      const { name, mechanism } = data as UserScramCredentialRecord;
      return { key: `scram ${mechanism} ${name}` };
    }
    case RECORD_TYPES.removeScram: {
      const { name, mechanism } = data as RemoveUserScramCredentialRecord;
      return { key: `scram ${mechanism} ${name}`, removes: true };
    }
    case RECORD_TYPES.delegationToken:
      return { key: `token ${(data as DelegationTokenRecord).tokenId}` };
    case RECORD_TYPES.removeDelegationToken:
      return { key: `token ${(data as RemoveDelegationTokenRecord).tokenId}`, removes: true };
    default:
      return undefined;
  }
}

/** The order in which Kafka writes them into a snapshot. */
const ORDER: readonly number[] = [
  RECORD_TYPES.clientQuota,
  RECORD_TYPES.producerIds,
  RECORD_TYPES.accessControl,
  RECORD_TYPES.scram,
  RECORD_TYPES.delegationToken,
];

/** The records. */
export class KeptRecords {
  readonly #records = new Map<string, { readonly type: number; readonly bytes: Uint8Array }>();
  #nextProducerId = 0;

  /** The first producer id of which no block was given out. */
  get nextProducerId(): number {
    return this.#nextProducerId;
  }

  /** The same records, to be changed apart. */
  copy(): KeptRecords {
    const copy = new KeptRecords();
    for (const [key, record] of this.#records) copy.#records.set(key, record);
    copy.#nextProducerId = this.#nextProducerId;
    return copy;
  }

  /** Their values, as a snapshot has them. */
  *values(): Generator<Uint8Array, void> {
    for (const type of ORDER) for (const record of this.#records.values()) if (record.type === type) yield record.bytes;
  }

  /** @returns whether it is a record of this kind */
  apply(record: MetadataRecord): boolean {
    const subject = subjectOf(record);
    if (subject === undefined) return false;
    if (subject.removes === true) this.#records.delete(subject.key);
    else this.#records.set(subject.key, { type: record.type, bytes: Buffer.from(record.bytes) });
    if (record.type === RECORD_TYPES.producerIds) {
      this.#nextProducerId = Number((record.data as ProducerIdsRecord).nextProducerId);
    }
    return true;
  }
}
