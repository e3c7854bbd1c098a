/** What is known of a broker, and how a change of it is merged into that (Kafka's `BrokerRegistration`). */
import { BrokerRegistrationChangeRecord, type RegisterBrokerRecord } from '../message/generated/metadata-nodes.ts';
import { encodeRecord } from './record.ts';

/** A broker after a change: -1 says that it is no longer fenced, 1 that it is, 0 nothing. */
export function mergedBroker(
  known: RegisterBrokerRecord,
  change: Pick<BrokerRegistrationChangeRecord, 'fenced'> & Partial<BrokerRegistrationChangeRecord>,
): RegisterBrokerRecord {
  const { fenced, inControlledShutdown = 0, logDirs = [], cordonedLogDirs = null } = change;
  return {
    ...known,
    fenced: fenced === 0 ? known.fenced : fenced > 0,
    inControlledShutdown: inControlledShutdown === 0 ? known.inControlledShutdown : inControlledShutdown > 0,
    logDirs: logDirs.length === 0 ? known.logDirs : logDirs,
    cordonedLogDirs: cordonedLogDirs ?? known.cordonedLogDirs,
  };
}

/** The value of the record by which a broker has other log directories. */
export function registeredWith(
  { brokerId, brokerEpoch }: RegisterBrokerRecord,
  logDirs: readonly string[],
): Uint8Array {
  const change = { brokerId, brokerEpoch, fenced: 0, inControlledShutdown: 0, logDirs, cordonedLogDirs: null };
  return encodeRecord(BrokerRegistrationChangeRecord, change, 2);
}
