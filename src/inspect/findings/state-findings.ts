/** Findings about what is known of producers, transactions and leader epochs: files that derive from the log. */
import type { FindingPage } from './page.ts';

const REBUILD_TXN = 'Run `seglog repair`, which builds the transaction index anew from the markers in the log';
const REBUILD_SNAPSHOT =
  'Run `seglog repair`, which builds it anew from the log; or delete the file, and the broker reads the log instead';
const REBUILD_EPOCHS = "Run `seglog repair`, which builds the file anew from the batches' leader epochs";

export const STATE_FINDING_CODES = [
  'TXN_INDEX_LENGTH',
  'TXN_INDEX_VERSION',
  'TXN_INDEX_ORDER',
  'TXN_INDEX_MISMATCH',
  'TXN_INDEX_SHORT',
  'TXN_INDEX_MISSING',
  'TXN_INDEX_ORPHAN',
  'SNAPSHOT_VERSION',
  'SNAPSHOT_CORRUPT',
  'SNAPSHOT_MISMATCH',
  'SNAPSHOT_MISSING',
  'SNAPSHOT_STRAY',
  'SNAPSHOT_BEYOND_END',
  'PRODUCER_STATE_INVALID',
  'TRANSACTION_OPEN',
  'LEADER_EPOCHS_UNREADABLE',
  'LEADER_EPOCHS_ORDER',
  'LEADER_EPOCHS_MISMATCH',
  'LEADER_EPOCHS_MISSING',
  'LEADER_EPOCHS_BEYOND_END',
] as const;
/** One of {@link STATE_FINDING_CODES}. */
export type StateFindingCode = (typeof STATE_FINDING_CODES)[number];

/** Their pages. */
export const STATE_FINDINGS: Readonly<Record<StateFindingCode, FindingPage>> = {
  TXN_INDEX_LENGTH: {
    severity: 'warning',
    title: 'A transaction index ends within an entry',
    meaning:
      'Entries have 34 bytes each, and the file is no multiple of that. Kafka passes over the rest without a word.',
    causes: 'A write that a crash or a full disk cut short, or bytes appended by something else.',
    action: REBUILD_TXN,
  },
  TXN_INDEX_VERSION: {
    severity: 'warning',
    title: 'An entry of a transaction index has an unknown version',
    meaning: 'The only version is 0. Kafka does not load a log whose transaction index has another one.',
    causes: 'Damaged bytes, or a newer version of Kafka.',
    action: REBUILD_TXN,
  },
  TXN_INDEX_ORDER: {
    severity: 'warning',
    title: 'The entries of a transaction index are out of order or out of range',
    meaning:
      'The offsets of the abort markers must rise from entry to entry and lie within the segment, and a transaction begins before ' +
      'its marker. The rest of the file was not compared with the log.',
    causes: 'Damaged bytes, or space that was set aside and not given back.',
    action: REBUILD_TXN,
  },
  TXN_INDEX_MISMATCH: {
    severity: 'warning',
    title: 'An entry of a transaction index does not agree with the log',
    meaning:
      'An entry names the producer, the first offset, the abort marker and the last stable offset of an aborted transaction. The ' +
      'markers and batches in the log say otherwise, so readers of committed records may see aborted ones, or miss some.',
    causes: 'Damaged bytes, or an index of another segment or replica.',
    action: REBUILD_TXN,
  },
  TXN_INDEX_SHORT: {
    severity: 'warning',
    title: 'A transaction index lacks aborted transactions',
    meaning: 'The log has abort markers that no entry names: readers of committed records see the aborted ones.',
    causes: 'A file that was cut or emptied, for example by a crash before it was synced.',
    action: REBUILD_TXN,
  },
  TXN_INDEX_MISSING: {
    severity: 'warning',
    title: 'A segment with aborted transactions has no transaction index',
    meaning:
      'Kafka does not notice that the file is gone: readers of committed records see the records of aborted transactions.',
    causes: 'A copy or a restore that left out the file, or somebody deleted it.',
    action: REBUILD_TXN,
  },
  TXN_INDEX_ORPHAN: {
    severity: 'warning',
    title: 'A transaction index without its segment',
    meaning: 'There is no .log file of the same base offset. Kafka deletes the index at its next start.',
    causes: 'The .log file was deleted, lost or renamed.',
    action: 'Restore the .log file if its records are needed; otherwise nothing needs to be done',
  },
  SNAPSHOT_VERSION: {
    severity: 'warning',
    title: 'A producer snapshot has an unknown version',
    meaning: 'The only version is 1. Kafka deletes the file at its next start and reads the log instead.',
    causes: 'Damaged bytes, or a newer version of Kafka.',
    action: REBUILD_SNAPSHOT,
  },
  SNAPSHOT_CORRUPT: {
    severity: 'warning',
    title: 'A producer snapshot is damaged',
    meaning:
      'The checksum does not match the bytes, or the file is too short. Kafka deletes it at its next start and reads the log ' +
      'instead. The position names the damaged field or entry where the bytes show which it is, else the checksum.',
    causes: 'A failing disk, or a crash: Kafka writes snapshots without syncing them.',
    action: REBUILD_SNAPSHOT,
  },
  SNAPSHOT_MISMATCH: {
    severity: 'warning',
    title: 'A producer snapshot does not agree with the log',
    meaning:
      "What it says of a producer is not what the log has below the snapshot's offset: the last batch, the epochs, or the open " +
      'transaction. Only what the present log proves is compared: producers whose batches are gone are taken as they are, and a ' +
      'producer that is not in the snapshot may have expired.',
    causes: 'A snapshot of another replica or partition, or a defect in whatever wrote the log.',
    action: REBUILD_SNAPSHOT,
  },
  SNAPSHOT_MISSING: {
    severity: 'warning',
    title: 'A producer snapshot is missing',
    meaning:
      'Kafka keeps a snapshot at the base offset of each segment, except at or below the log start, and after a clean stop one at ' +
      'the log end. Without it the next start reads more of the log. No record is concerned.',
    causes: 'A copy that left it out, or a crash before it reached the disk.',
    action: 'Nothing needs to be done: the broker writes it anew, and so does `seglog repair`',
  },
  SNAPSHOT_STRAY: {
    severity: 'info',
    title: 'A producer snapshot lies below the first segment',
    meaning:
      'Nothing needs it. Kafka deletes such snapshots when it loads the log. (One at no segment in the midst of the log is that ' +
      'of an earlier clean stop, and no news.)',
    causes: 'Its segment was deleted, or is missing.',
    action: 'Nothing needs to be done',
  },
  SNAPSHOT_BEYOND_END: {
    severity: 'warning',
    title: 'A producer snapshot covers more than the log has',
    meaning:
      'Its offset is above the log end: when it was written the log was longer. Kafka deletes it at its next start.',
    causes:
      'The end of the log was lost or cut, the file belongs to another log, or the log was cut within a batch, which then goes whole.',
    action: 'Find out whether records were lost at the end of the log; a replica may have them',
  },
  PRODUCER_STATE_INVALID: {
    severity: 'error',
    title: 'A batch cannot follow what its producer wrote before',
    meaning:
      'The producer has a transaction open and wrote outside of it. Kafka does not load a log in which it meets this during ' +
      'recovery. What follows was not compared with snapshots and transaction indexes.',
    causes: 'Batches that were lost, a damaged attribute, or a writer other than Kafka.',
    action: 'Look at the batch with `seglog dump`, and restore the segment from a replica',
  },
  TRANSACTION_OPEN: {
    severity: 'info',
    title: 'A transaction is open at the end of the log',
    meaning:
      'It has records and no marker, so readers of committed records stop before its first offset. It is told where no snapshot at ' +
      'the log end records it: a broker that stops cleanly in the midst of a transaction notes it there and goes on later.',
    causes:
      'The broker stopped uncleanly in the midst of a transaction, or its marker was lost (a hanging transaction).',
    action:
      'Usually the transaction coordinator ends it. If it stays, end it with `kafka-transactions.sh --abort` on the running cluster',
  },
  LEADER_EPOCHS_UNREADABLE: {
    severity: 'warning',
    title: 'The leader epochs cannot be read',
    meaning: 'leader-epoch-checkpoint is not in its form: Kafka takes the log directory offline when it meets that.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: REBUILD_EPOCHS,
  },
  LEADER_EPOCHS_ORDER: {
    severity: 'warning',
    title: 'The leader epochs do not rise',
    meaning:
      'Epochs and their start offsets must both rise from line to line. Kafka drops lines that contradict later ones.',
    causes: 'Damaged bytes, or an edit by hand.',
    action: REBUILD_EPOCHS,
  },
  LEADER_EPOCHS_MISMATCH: {
    severity: 'warning',
    title: 'A leader epoch does not start where the batches say',
    meaning:
      "Each batch names the leader epoch that it was written in. The file's line contradicts them, so a follower could cut its log " +
      'at a wrong offset.',
    causes: 'Damaged bytes in the file, or in the leader epoch of a batch, which no checksum covers.',
    action: REBUILD_EPOCHS,
  },
  LEADER_EPOCHS_MISSING: {
    severity: 'warning',
    title: 'Leader epochs are missing',
    meaning: 'Batches have a leader epoch that leader-epoch-checkpoint does not list, or there is no such file.',
    causes: 'A file that was lost, cut or restored from an earlier time, or damage in the leader epoch of a batch.',
    action: REBUILD_EPOCHS,
  },
  LEADER_EPOCHS_BEYOND_END: {
    severity: 'warning',
    title: 'A leader epoch starts beyond the end of the log',
    meaning: 'When the line was written the log was longer. Kafka drops the line at its next start.',
    causes: 'The end of the log was lost or cut, or the file belongs to another partition.',
    action: 'Find out whether records were lost at the end of the log; a replica may have them',
  },
};
