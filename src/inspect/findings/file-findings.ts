/** Findings within the files of one segment: .log, .index and .timeindex. */
import type { FindingPage } from './page.ts';

const FILE_FINDING_CODES = [
  // What is no batch, or no whole one
  'BATCH_CRC_MISMATCH',
  'BATCH_SIZE_INVALID',
  'BATCH_TRUNCATED',
  'BATCH_TOO_LARGE',
  'DATA_BEHIND_ZEROS',
  'ZERO_TAIL',
  'LOG_TOO_LARGE',
  'LOG_SHORT',
  'LOG_MISSING',
  'KRAFT_SNAPSHOT_INCOMPLETE',
  // What a batch says of itself
  'UNSUPPORTED_MAGIC',
  'UNSUPPORTED_CODEC',
  'UNKNOWN_ATTRIBUTES',
  'BATCH_COUNTS_INVALID',
  'PRODUCER_FIELDS_INVALID',
  'CONTROL_RECORD_INVALID',
  // Its records
  'INVALID_RECORD',
  'RECORD_OFFSETS_INVALID',
  'CORRUPT_COMPRESSED_DATA',
  'DECOMPRESSED_TOO_LARGE',
  'WRAPPER_TRAILING_BYTES',
  'MAX_TIMESTAMP_WRONG',
  'TIMESTAMPS_IN_SECONDS',
  'TIMESTAMP_AHEAD',
  // One batch beside the other
  'OFFSETS_OUT_OF_ORDER',
  'OFFSET_BELOW_BASE',
  'OFFSET_OVERFLOW',
  'LEADER_EPOCH_INVALID',
  'OFFSET_GAP',
  // Indexes
  'INDEX_MISSING',
  'INDEX_ORPHANED',
  'INDEX_LENGTH_INVALID',
  'INDEX_UNTRIMMED',
  'INDEX_NOT_RISING',
  'INDEX_ENTRY_WRONG',
  'INDEX_SHORT',
  'INDEX_OF_APPENDS',
  'INDEX_SPARSE',
] as const;
/** One of {@link FILE_FINDING_CODES}. */
export type FileFindingCode = (typeof FILE_FINDING_CODES)[number];

const RESTORE =
  'Restore the segment from a replica, or look at `seglog repair`, which cuts or excises the batch and keeps its bytes';
const REBUILD =
  'Run `seglog repair`, which rebuilds the index from the .log file, or delete the index: Kafka builds it anew';
const WRITER = 'Find out what wrote this batch, and read it with `seglog dump` before anything else does';
const BAD_BYTES =
  'A failing disk or memory, a copy that went wrong, a writer other than Kafka, or a write that a crash tore.';
const CRASH =
  'A broker that was killed or lost its power: space is set aside ahead of the data and given back at a roll or a clean stop.';

/** Their pages. */
export const FILE_FINDINGS: Readonly<Record<FileFindingCode, FindingPage>> = {
  BATCH_CRC_MISMATCH: {
    severity: 'error',
    title: "A batch's checksum does not match its bytes",
    meaning: 'The bytes behind the header differ from those that were written. None of the batch can be trusted.',
    causes: BAD_BYTES,
    action: RESTORE,
  },
  BATCH_SIZE_INVALID: {
    severity: 'error',
    title: 'The size of a batch cannot be',
    meaning:
      'Where a batch should start, the size field is smaller than any batch, or larger than what is there although whole batches follow. What follows was searched for by checksum.',
    causes: BAD_BYTES,
    action: RESTORE,
  },
  BATCH_TRUNCATED: {
    severity: 'error',
    title: 'The file ends within a batch',
    meaning: 'The last batch is not whole, and no whole one follows. All before it is.',
    causes: 'A crash while the batch was written, a file that was cut or copied while it grew, or a full disk.',
    action: 'A broker cuts this after an unclean stop. Run `seglog repair`, which does so and keeps the bytes',
  },
  BATCH_TOO_LARGE: {
    severity: 'warning',
    title: 'A batch is larger than what is looked into',
    meaning: 'Its size fits the file, but its checksum and records were not checked, so as to bound the memory used.',
    causes: 'A very large message.max.bytes, or a size field that is wrong.',
    action: 'Compare it with a replica',
  },
  DATA_BEHIND_ZEROS: {
    severity: 'error',
    title: 'Zeros where a batch should be, and data behind them',
    meaning: 'A part of the file is zero although later parts are not: the batches that were there are lost.',
    causes: 'Pages that never reached the disk before the power went, a bad block, or a copy with holes.',
    action: RESTORE,
  },
  ZERO_TAIL: {
    severity: 'warning',
    title: 'The file ends in zeros',
    meaning:
      'Behind the last batch there is nothing but zeros: space that was set aside and not given back. No record is concerned.',
    causes: CRASH,
    action: 'A broker cuts this after an unclean stop; so does `seglog repair`',
  },
  LOG_TOO_LARGE: {
    severity: 'error',
    title: 'The .log file is larger than any segment',
    meaning:
      'Positions in a segment are 31 bits wide, so Kafka cannot use a file of 2 GiB or more. What is beyond was not looked at.',
    causes: 'Something other than Kafka wrote or extended the file.',
    action: 'Restore the segment from a replica',
  },
  LOG_SHORT: {
    severity: 'error',
    title: 'The indexes tell of batches behind the end of the .log file',
    meaning: 'Index entries are made after their batches were written, so the end of the .log file is lost.',
    causes:
      'A file that was cut, restored from an older copy than its indexes, or whose last pages never reached the disk.',
    action: 'Restore the segment from a replica; `seglog repair` only fits the indexes to what is left',
  },
  LOG_MISSING: {
    severity: 'error',
    title: 'A segment has indexes and no .log file',
    meaning:
      'The records of the segment are not there. A broker deletes the indexes when it loads the log, and says nothing.',
    causes: 'A .log file that was deleted, renamed or not copied.',
    action: 'Restore the .log file from a replica or a backup before a broker loads the log',
  },
  KRAFT_SNAPSHOT_INCOMPLETE: {
    severity: 'error',
    title: 'A KRaft snapshot is not whole',
    meaning:
      'A snapshot of the metadata log begins with a header record and ends with a footer record. One of them is not there, so records may be lost.',
    causes: 'A file that was emptied, cut between two batches, or copied while it was written.',
    action: 'Restore it from another controller; a node without any snapshot fetches one from the leader',
  },
  UNSUPPORTED_MAGIC: {
    severity: 'error',
    title: 'A batch has a format that is not known',
    meaning: 'The magic byte is none of 0, 1 and 2. It is not covered by the checksum, so one flipped bit can do this.',
    causes: 'A damaged byte, or a Kafka that is newer than this tool.',
    action: WRITER,
  },
  UNSUPPORTED_CODEC: {
    severity: 'error',
    title: 'A batch is compressed in a way that is not known',
    meaning: 'The codec in the attributes is not one that this message format has, so the records cannot be read.',
    causes: 'A writer other than Kafka, or a Kafka that is newer than this tool.',
    action: WRITER,
  },
  UNKNOWN_ATTRIBUTES: {
    severity: 'warning',
    title: 'A batch has attributes that are not known',
    meaning:
      'Bits that Kafka does not use are set. Readers pass over them, and a leader drops them when it writes the batch anew.',
    causes: 'A writer other than Kafka, or a Kafka that is newer than this tool.',
    action: WRITER,
  },
  BATCH_COUNTS_INVALID: {
    severity: 'error',
    title: "A batch's counts contradict each other",
    meaning: 'The record count or the last offset delta is negative, or there are more records than offsets.',
    causes: 'A writer other than Kafka: the checksum covers these fields.',
    action: WRITER,
  },
  PRODUCER_FIELDS_INVALID: {
    severity: 'error',
    title: 'The producer fields of a batch cannot be',
    meaning:
      'An id, epoch or sequence is below -1, a producer has no sequence, or a transactional batch has no producer. Kafka refuses such batches.',
    causes: 'A writer other than Kafka: the checksum covers these fields.',
    action: WRITER,
  },
  CONTROL_RECORD_INVALID: {
    severity: 'error',
    title: 'A control batch does not say what a control batch says',
    meaning:
      'Its key or value is too short or of an impossible version, or it is compressed, or a marker does not stand alone.',
    causes: 'A writer other than Kafka. A broker may fail to load the partition on it.',
    action: WRITER,
  },
  INVALID_RECORD: {
    severity: 'error',
    title: 'A record cannot be read',
    meaning: 'The checksum is right, but lengths within the batch do not add up: consumers fail here.',
    causes: 'A writer other than Kafka, or one with a defect: these bytes are what was written.',
    action: WRITER,
  },
  RECORD_OFFSETS_INVALID: {
    severity: 'error',
    title: "The records' offsets do not rise within their batch",
    meaning: 'Each record has a higher offset than the one before, and none is beyond what the batch states.',
    causes: 'A writer other than Kafka, or one with a defect: these bytes are what was written.',
    action: WRITER,
  },
  CORRUPT_COMPRESSED_DATA: {
    severity: 'error',
    title: 'The records of a batch cannot be decompressed',
    meaning: 'The checksum is right, but the compressed bytes are not what the codec writes: consumers fail here.',
    causes: 'A producer with a defective compression library: these bytes are what was written.',
    action: WRITER,
  },
  DECOMPRESSED_TOO_LARGE: {
    severity: 'warning',
    title: 'The records decompress to more than is looked into',
    meaning: 'The records were not checked, so as to bound the memory used.',
    causes: 'A few bytes made to become very many, or very large batches of very regular data.',
    action: WRITER,
  },
  WRAPPER_TRAILING_BYTES: {
    severity: 'info',
    title: 'Bytes remain behind the last message of a compressed one',
    meaning: 'A piece of a message at the end of a format 0 or 1 wrapper. Kafka passes over it in silence.',
    causes: 'An old client that cut a message set at a size.',
    action: 'Nothing to do',
  },
  MAX_TIMESTAMP_WRONG: {
    severity: 'warning',
    title: "A batch's largest timestamp is not that of its records",
    meaning:
      'Searches by time and retention go by the batch header. A broker computes it when it takes the batch, so Kafka does not write this.',
    causes: 'A writer other than Kafka: the checksum covers this field.',
    action: WRITER,
  },
  TIMESTAMPS_IN_SECONDS: {
    severity: 'info',
    title: 'Timestamps look like seconds',
    meaning: 'Read as milliseconds they lie in 1970, so retention by time takes the segment for very old.',
    causes: 'A producer that gives seconds where Kafka expects milliseconds.',
    action: 'Correct the producer; see `seglog explain retention`',
  },
  TIMESTAMP_AHEAD: {
    severity: 'info',
    title: 'A timestamp lies far ahead',
    meaning: 'Retention by time keeps the segment until that time has come and retention.ms more.',
    causes: 'A producer with a wrong clock, or one that gives microseconds where Kafka expects milliseconds.',
    action: 'See `seglog explain retention`; message.timestamp.after.max.ms keeps such records out',
  },
  OFFSETS_OUT_OF_ORDER: {
    severity: 'error',
    title: "A batch's offsets do not follow those before it",
    meaning:
      'Offsets rise from batch to batch. Here they fall or repeat: consumers see records twice, or a log end that goes back. The base offset is not covered by the checksum.',
    causes: 'A damaged base offset, a batch that was written twice, or files that were put together by hand.',
    action: RESTORE,
  },
  OFFSET_BELOW_BASE: {
    severity: 'error',
    title: "A batch's offset is below its segment's base offset",
    meaning: "The file's name is the lowest offset that the segment may hold; searches never look for this one here.",
    causes: 'A damaged base offset, or a file that was renamed.',
    action: RESTORE,
  },
  OFFSET_OVERFLOW: {
    severity: 'error',
    title: "A batch's last offset is too far above its segment's base offset",
    meaning: 'Indexes hold offsets as 31 bit distances from the base, so this batch cannot be indexed.',
    causes: 'A damaged base offset, or compaction by a Kafka before 1.1.',
    action: RESTORE,
  },
  LEADER_EPOCH_INVALID: {
    severity: 'error',
    title: "A batch's leader epoch cannot be",
    meaning:
      'Leader epochs never fall along the log, and none is below -1. Followers find where logs part by them. The epoch is not covered by the checksum.',
    causes: 'A damaged byte, or files that were put together by hand.',
    action: RESTORE,
  },
  OFFSET_GAP: {
    severity: 'info',
    title: 'Offsets are missing between batches',
    meaning:
      'Not every offset has a batch. Compaction and the markers it removes do this; nothing is said where a batch shows that the partition was compacted.',
    causes: 'Compaction that took whole batches away, an excised batch, or a follower that skipped over a gap.',
    action: 'Nothing to do, unless the topic was never compacted: then compare with a replica',
  },
  INDEX_MISSING: {
    severity: 'warning',
    title: 'A .log file has no index',
    meaning: 'Each segment has an .index and a .timeindex. Without them searches read the segment from its start.',
    causes: 'A file that was deleted, or a copy of the .log files alone.',
    action: 'A broker rebuilds it when it loads the log, which takes time; so does `seglog repair`',
  },
  INDEX_ORPHANED: {
    severity: 'warning',
    title: 'An index has no .log file',
    meaning: 'Its segment is not there. A broker deletes such a file when it loads the log.',
    causes: 'A .log file that was deleted or renamed, or a deletion that a crash interrupted.',
    action: 'If the segment should be there, restore its .log file; otherwise delete the index',
  },
  INDEX_LENGTH_INVALID: {
    severity: 'warning',
    title: 'The length of an index is no multiple of its entries',
    meaning: 'An entry has 8 bytes in an .index and 12 in a .timeindex; what remains at the end is none.',
    causes: 'A file that was cut or copied while it grew, or bytes that were added to it.',
    action: REBUILD,
  },
  INDEX_UNTRIMMED: {
    severity: 'warning',
    title: 'An index was set aside at full size and not trimmed',
    meaning:
      'Behind its last entry there are only zeros. The entries are right; a broker that takes the zeros for entries may search wrongly or delete early (KAFKA-10207, KAFKA-19200).',
    causes: CRASH,
    action: 'A broker rebuilds it after an unclean stop. `seglog repair` trims it',
  },
  INDEX_NOT_RISING: {
    severity: 'warning',
    title: 'An index entry is not above the one before it',
    meaning: 'Offsets, positions and timestamps rise from entry to entry; searches by halving rely on it.',
    causes: BAD_BYTES,
    action: REBUILD,
  },
  INDEX_ENTRY_WRONG: {
    severity: 'warning',
    title: 'An index entry does not fit the .log file',
    meaning:
      "An .index entry names where a batch starts, and that batch's last offset. A .timeindex entry names the largest timestamp so far, and the last offset of the earliest batch that has it.",
    causes: 'A damaged byte, or an index that belongs to another version of the .log file.',
    action: REBUILD,
  },
  INDEX_SHORT: {
    severity: 'warning',
    title: 'An index lacks entries that were made',
    meaning:
      "The last entry of a .timeindex is its segment's largest timestamp, and for every entry of one index that was made together with one of the other, both are there.",
    causes: 'A file that was cut, or an index from before the last batches. Searches by time can pass over records.',
    action: REBUILD,
  },
  INDEX_OF_APPENDS: {
    severity: 'info',
    title: 'Index entries name the last offsets of whole appends',
    meaning:
      "Before 4.0 a follower made one entry for all batches of an append: the first one's position, the last one's offset. Searches work as ever.",
    causes: 'The segment was written by a Kafka before 4.0.',
    action: 'Nothing to do',
  },
  INDEX_SPARSE: {
    severity: 'info',
    title: 'An .index has fewer entries than usual',
    meaning:
      'Somewhere the distance between entries is more than twice the others. Searches there read more than they should. How many there are depends on index.interval.bytes and on restarts.',
    causes: 'Restarts in short succession, a setting that was changed, or an index that was cut at an entry.',
    action: 'If the segment lived through no restart, rebuild it with `seglog repair`',
  },
};
