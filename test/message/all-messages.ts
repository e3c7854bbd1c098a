/** Every message that code is generated for. */
import * as consumerProtocol from '../../src/message/generated/consumer-protocol.ts';
import * as control from '../../src/message/generated/control.ts';
import { GROUP_RECORDS } from '../../src/message/generated/group-records.ts';
import { METADATA_RECORDS } from '../../src/message/generated/metadata-records.ts';
import * as quorumState from '../../src/message/generated/quorum-state.ts';
import { SHARE_RECORDS } from '../../src/message/generated/share-records.ts';
import { TRANSACTION_RECORDS } from '../../src/message/generated/transaction-records.ts';
import type { AnyMessage } from '../../src/message/schema.ts';

export const ALL_MESSAGES: readonly AnyMessage[] = [
  ...[GROUP_RECORDS, TRANSACTION_RECORDS, SHARE_RECORDS].flatMap((records) =>
    [...records.values()].flatMap(({ key, value }) => [key, value]),
  ),
  ...METADATA_RECORDS.values(),
  ...Object.values(consumerProtocol),
  ...Object.values(control),
  ...Object.values(quorumState),
];
