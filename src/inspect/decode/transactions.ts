/** Records of `__transaction_state`: what the coordinator knows of each transactional id. */
import { TRANSACTION_RECORDS } from '../../message/generated/transaction-records.ts';
import type { RecordDecoder } from './contract.ts';
import { decodeCoordinatorRecord } from './coordinator.ts';

/** Records of `__transaction_state`. */
export const transactionsDecoder: RecordDecoder = {
  kind: 'transactions',
  decode: (key, value) => decodeCoordinatorRecord(TRANSACTION_RECORDS, key, value),
};
