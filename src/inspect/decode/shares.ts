/** Records of `__share_group_state`: what share groups have delivered and acknowledged. */
import { SHARE_RECORDS } from '../../message/generated/share-records.ts';
import type { RecordDecoder } from './contract.ts';
import { decodeCoordinatorRecord } from './coordinator.ts';

/** Records of `__share_group_state`. */
export const sharesDecoder: RecordDecoder = {
  kind: 'shares',
  decode: (key, value) => decodeCoordinatorRecord(SHARE_RECORDS, key, value),
};
