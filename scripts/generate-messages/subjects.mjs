/**
 * What is generated: the jars whose schemas are read, and which messages stand in which file. Every coordinator record and
 * every metadata record must have its place, so that a newer Kafka's new ones are noticed.
 */

const pairs = (...names) => names.flatMap((name) => [`${name}Key`, `${name}Value`]);
const records = (...names) => names.map((name) => `${name}Record`);

/** By the file that their messages go to. */
const GROUP = {
  'group-offsets': pairs('LegacyOffsetCommit', 'OffsetCommit', 'GroupMetadata'),
  'consumer-groups': pairs(
    ...['ConsumerGroupMetadata', 'ConsumerGroupPartitionMetadata', 'ConsumerGroupMemberMetadata'],
    ...['ConsumerGroupTargetAssignmentMetadata', 'ConsumerGroupTargetAssignmentMember'],
    ...['ConsumerGroupCurrentMemberAssignment', 'ConsumerGroupRegularExpression'],
  ),
  'share-groups': pairs(
    ...['ShareGroupMemberMetadata', 'ShareGroupMetadata', 'ShareGroupTargetAssignmentMetadata'],
    ...['ShareGroupTargetAssignmentMember', 'ShareGroupCurrentMemberAssignment', 'ShareGroupStatePartitionMetadata'],
  ),
  'streams-groups': pairs(
    ...['StreamsGroupMetadata', 'StreamsGroupMemberMetadata', 'StreamsGroupTargetAssignmentMetadata'],
    ...['StreamsGroupTargetAssignmentMember', 'StreamsGroupCurrentMemberAssignment', 'StreamsGroupTopology'],
  ),
};

const METADATA = {
  'metadata-nodes': records(
    ...['RegisterBroker', 'UnregisterBroker', 'FenceBroker', 'UnfenceBroker', 'BrokerRegistrationChange'],
    ...['RegisterController'],
  ),
  'metadata-topics': records('Topic', 'Partition', 'PartitionChange', 'RemoveTopic', 'ClearElr', 'Config'),
  'metadata-security': records(
    ...['AccessControlEntry', 'RemoveAccessControlEntry', 'UserScramCredential', 'RemoveUserScramCredential'],
    ...['DelegationToken', 'RemoveDelegationToken', 'ClientQuota'],
  ),
  'metadata-log': records(
    ...['ProducerIds', 'FeatureLevel', 'NoOp', 'ZkMigrationState'],
    ...['BeginTransaction', 'EndTransaction', 'AbortTransaction'],
  ),
};

/**
 * `all`: nothing in the jar may be left out. `table`: the name of a table of the jar's messages by apiKey, and its shape.
 * `files`: the messages by the file they go to.
 */
export const SUBJECTS = [
  {
    jar: 'kafka-group-coordinator',
    all: true,
    table: { name: 'GROUP_RECORDS', file: 'group-records', shape: 'pairs', says: '`__consumer_offsets`' },
    files: GROUP,
  },
  {
    jar: 'kafka-transaction-coordinator',
    all: true,
    table: { name: 'TRANSACTION_RECORDS', file: 'transaction-records', shape: 'pairs', says: '`__transaction_state`' },
    files: { 'transaction-log': pairs('TransactionLog') },
  },
  {
    jar: 'kafka-share-coordinator',
    all: true,
    table: { name: 'SHARE_RECORDS', file: 'share-records', shape: 'pairs', says: '`__share_group_state`' },
    files: { 'share-state': pairs('ShareSnapshot', 'ShareUpdate') },
  },
  {
    jar: 'kafka-metadata',
    all: true,
    table: { name: 'METADATA_RECORDS', file: 'metadata-records', shape: 'single', says: '`__cluster_metadata`' },
    files: METADATA,
  },
  { jar: 'kafka-raft', all: true, files: { 'quorum-state': ['QuorumStateData'] } },
  {
    jar: 'kafka-clients',
    all: false,
    files: {
      control: [
        ...[
          'LeaderChangeMessage',
          'SnapshotHeaderRecord',
          'SnapshotFooterRecord',
          'KRaftVersionRecord',
          'VotersRecord',
        ],
        'EndTxnMarker',
      ],
      'consumer-protocol': ['ConsumerProtocolSubscription', 'ConsumerProtocolAssignment'],
    },
  },
];
