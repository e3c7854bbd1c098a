/** Findings about a log directory's own files, and about what names a partition and its cluster. */
import type { FindingPage } from './page.ts';

const LOWER_IS_SAFE = 'Nothing needs to be done: the broker limits it to the log when it starts';

export const DIRECTORY_FINDING_CODES = [
  'TOPIC_ID_UNREADABLE',
  'TOPIC_ID_MISSING',
  'TOPIC_IDS_DIFFER',
  'TOPIC_ID_SHARED',
  'QUORUM_STATE_UNREADABLE',
  'QUORUM_STATE_MISSING',
  'QUORUM_STATE_BEHIND',
  'CHECKPOINT_UNREADABLE',
  'CHECKPOINT_UNUSUAL',
  'CHECKPOINT_DUPLICATE',
  'CHECKPOINT_NEGATIVE',
  'CHECKPOINT_STALE',
  'CHECKPOINT_MISSING',
  'RECOVERY_POINT_BEYOND_END',
  'LOG_START_BEYOND_END',
  'LOG_START_BELOW_FIRST_SEGMENT',
  'HIGH_WATERMARK_BEYOND_END',
  'HIGH_WATERMARK_BELOW_LOG_START',
  'CLEANER_OFFSET_OUTSIDE',
  'META_PROPERTIES_UNREADABLE',
  'META_PROPERTIES_MISSING',
  'CLEAN_MARK_UNREADABLE',
  'CLEAN_MARK_LIES',
  'DIRECTORY_NOT_A_PARTITION',
] as const;
/** One of {@link DIRECTORY_FINDING_CODES}. */
export type DirectoryFindingCode = (typeof DIRECTORY_FINDING_CODES)[number];

/** Their pages. */
export const DIRECTORY_FINDINGS: Readonly<Record<DirectoryFindingCode, FindingPage>> = {
  TOPIC_ID_UNREADABLE: {
    severity: 'error',
    title: 'The topic id cannot be read',
    meaning:
      'partition.metadata is not in its form. Kafka does not load the partition. The id is in no other of its files.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: 'Copy partition.metadata from another partition of the topic or from a replica: all have the same',
  },
  TOPIC_ID_MISSING: {
    severity: 'info',
    title: 'There is no topic id',
    meaning:
      'partition.metadata is not there. Kafka 2.8 and later write it; one that finds none takes the id from the cluster.',
    causes: 'A partition of an older Kafka or of seglog, or a copy that left it out.',
    action: 'Nothing needs to be done',
  },
  TOPIC_IDS_DIFFER: {
    severity: 'error',
    title: 'Partitions of one topic have different topic ids',
    meaning: 'All partitions of a topic have one id. The broker refuses those whose id is not that of the cluster.',
    causes: 'A partition left from a deleted topic of the same name, or copied from another cluster.',
    action: 'Find the right id with `kafka-topics.sh --describe`, and move the partition that has another one away',
  },
  TOPIC_ID_SHARED: {
    severity: 'error',
    title: 'Two topics have the same topic id',
    meaning: 'A topic id belongs to one topic only.',
    causes: 'A directory that was copied under another name.',
    action: 'Find the right id with `kafka-topics.sh --describe`, and move the copy away',
  },
  QUORUM_STATE_UNREADABLE: {
    severity: 'error',
    title: 'The state of the metadata quorum cannot be read',
    meaning: 'quorum-state is not in its form. It keeps whom the node voted for, which is in no other file.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: 'Keep the other controllers running, remove this one from the quorum, and add it anew',
  },
  QUORUM_STATE_MISSING: {
    severity: 'warning',
    title: 'There is no state of the metadata quorum',
    meaning: 'quorum-state is not there. A node that has forgotten its vote might vote twice in one epoch.',
    causes: 'A copy that left it out, or somebody deleted it.',
    action: 'Restore the file, or remove the node from the quorum and add it anew',
  },
  QUORUM_STATE_BEHIND: {
    severity: 'error',
    title: 'The state of the metadata quorum is older than the metadata log',
    meaning: 'The log has batches of a later leader epoch than quorum-state, which is written before any of them.',
    causes: 'Damaged bytes, or a file restored from an earlier time.',
    action: 'Keep the other controllers running, remove this one from the quorum, and add it anew',
  },
  CHECKPOINT_UNREADABLE: {
    severity: 'warning',
    title: 'A checkpoint cannot be read',
    meaning: 'The file is not in its form. Kafka takes it for an empty one, or takes the log directory offline.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: 'Delete the file while no broker is running: what it says is found out anew, at the cost of a longer start',
  },
  CHECKPOINT_UNUSUAL: {
    severity: 'warning',
    title: 'A small text file is not as Kafka writes it',
    meaning:
      'It can be read, but Kafka would have written other bytes: a line feed is missing at the end, a number has leading zeros, or ' +
      'something follows.',
    causes:
      'A file that was cut within its last line (then the last number may be wrong), damaged bytes, or an edit by hand.',
    action: 'Compare what it says with what is known otherwise',
  },
  CHECKPOINT_DUPLICATE: {
    severity: 'warning',
    title: 'A checkpoint names a partition twice',
    meaning: 'Each partition has one line. Of two the last one counts.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: 'Correct the file while no broker is running',
  },
  CHECKPOINT_NEGATIVE: {
    severity: 'warning',
    title: 'A checkpoint has a negative offset',
    meaning: 'Offsets are from 0 on.',
    causes: 'Damaged bytes, an edit by hand, or a defect in whatever wrote it.',
    action: 'Correct the file while no broker is running',
  },
  CHECKPOINT_STALE: {
    severity: 'info',
    title: 'A checkpoint names a partition that is not there',
    meaning: 'There is no directory of that partition. The broker passes over the line and drops it later.',
    causes: 'A partition that was deleted or moved shortly before the broker stopped, or a directory that is missing.',
    action: 'If the partition should be there, restore it from a replica',
  },
  CHECKPOINT_MISSING: {
    severity: 'info',
    title: 'A checkpoint is missing',
    meaning:
      'The broker keeps this file in each log directory. Without it, it finds out anew what it says, which takes longer.',
    causes: 'A copy that left it out, or a broker that stopped before its first minute was over.',
    action: 'Nothing needs to be done',
  },
  RECOVERY_POINT_BEYOND_END: {
    severity: 'warning',
    title: 'The recovery point is beyond the end of the log',
    meaning:
      'The broker had flushed the log up to that offset, and the log ends before it. The broker lowers it when it starts.',
    causes: 'The end of the log was lost or cut after it was flushed, or the line is damaged.',
    action: 'Find out whether records were lost at the end of the log; a replica may have them',
  },
  LOG_START_BEYOND_END: {
    severity: 'error',
    title: 'The log start offset is beyond the end of the log',
    meaning: 'No record of the log can be read, and the broker deletes all its segments when it starts.',
    causes: 'The end of the log was lost or cut, or the line is damaged.',
    action: 'Save the partition before a broker opens it, then correct log-start-offset-checkpoint or remove its line',
  },
  LOG_START_BELOW_FIRST_SEGMENT: {
    severity: 'info',
    title: 'The log start offset is below the first segment',
    meaning: 'Kafka lists a log start only when it lies within a segment. The first segment counts.',
    causes: 'The broker stopped between deleting a segment and writing the file, or the first segment is missing.',
    action: LOWER_IS_SAFE,
  },
  HIGH_WATERMARK_BEYOND_END: {
    severity: 'warning',
    title: 'The high watermark is beyond the end of the log',
    meaning: 'All in-sync replicas had the records up to that offset, and this log ends before it.',
    causes:
      'The end of the log was lost or cut, the line is damaged, or the log was cut within a batch, which then goes whole.',
    action: 'Find out whether records were lost at the end of the log; a replica may have them',
  },
  HIGH_WATERMARK_BELOW_LOG_START: {
    severity: 'warning',
    title: 'The high watermark is below the start of the log',
    meaning: 'Only records below the high watermark are ever deleted, so it cannot be below the start.',
    causes: 'A file restored from an earlier time, or a damaged line.',
    action: LOWER_IS_SAFE,
  },
  CLEANER_OFFSET_OUTSIDE: {
    severity: 'warning',
    title: "The cleaner's offset is beyond the end of the log",
    meaning: 'The log is compacted up to that offset, and ends before it. The cleaner begins anew at the log start.',
    causes: 'The end of the log was lost or cut, or the line is damaged.',
    action: 'Find out whether records were lost at the end of the log; a replica may have them',
  },
  META_PROPERTIES_UNREADABLE: {
    severity: 'error',
    title: 'The identity of the log directory cannot be read',
    meaning: 'meta.properties is not in its form. The broker does not start. It says which cluster and node this is.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: "Correct it by the meta.properties of the node's other log directories, or of another node of the cluster",
  },
  META_PROPERTIES_MISSING: {
    severity: 'error',
    title: 'The log directory has no identity',
    meaning:
      'There are files of a broker, and no meta.properties. The broker takes the directory for one that is not formatted.',
    causes: 'A copy that left it out, or somebody deleted it.',
    action: 'Restore it. Do not format the directory with `kafka-storage.sh format` before its partitions are safe',
  },
  CLEAN_MARK_UNREADABLE: {
    severity: 'info',
    title: 'The mark of a clean stop is not in its form',
    meaning: 'Only that .kafka_cleanshutdown is there counts; its content (the broker epoch) was not readable.',
    causes: 'Damaged bytes, or a newer version of Kafka.',
    action: 'Nothing needs to be done',
  },
  CLEAN_MARK_LIES: {
    severity: 'warning',
    title: 'There is a mark of a clean stop, but a log was not closed clean',
    meaning:
      'A last segment ends with space that was not given back, or with bytes that are no whole batch. Because of the mark the ' +
      'broker will not look at it when it starts.',
    causes: 'A mark written although closing failed, files copied from another time, or damage after the stop.',
    action: 'Delete .kafka_cleanshutdown before the broker starts, so that it recovers the logs',
  },
  DIRECTORY_NOT_A_PARTITION: {
    severity: 'warning',
    title: 'A directory that is no partition',
    meaning: 'A broker does not start on a log directory that holds a directory of any other name.',
    causes: '"lost+found" on a disk of its own, a copy, or a directory renamed by hand.',
    action: 'Move it out of the log directory',
  },
};
