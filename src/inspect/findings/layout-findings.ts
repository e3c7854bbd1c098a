/** Findings about what lies in a partition directory, and how its segments follow each other. */
import type { FindingPage } from './page.ts';

const LOOK = 'Nothing needs to be done';
const AT_NEXT_START =
  'Nothing needs to be done: the next start of the broker clears it up, and so does `seglog repair`';

export const LAYOUT_FINDING_CODES = [
  'SEGMENTS_OVERLAP',
  'SEGMENTS_GAP',
  'SEGMENT_EMPTY',
  'SEGMENT_BELOW_LOG_START',
  'NO_SEGMENTS',
  'PARTITION_NAME_INVALID',
  'PARTITION_LEAVING',
  'LEFTOVER_DELETED',
  'LEFTOVER_CLEANED',
  'LEFTOVER_SWAP',
  'LEFTOVER_TEMPORARY',
  'QUARANTINE',
  'UNKNOWN_FILE',
  'SPECIAL_FILE',
  'FILE_TOO_LARGE',
] as const;
/** One of {@link LAYOUT_FINDING_CODES}. */
export type LayoutFindingCode = (typeof LAYOUT_FINDING_CODES)[number];

/** Their pages. */
export const LAYOUT_FINDINGS: Readonly<Record<LayoutFindingCode, FindingPage>> = {
  SEGMENTS_OVERLAP: {
    severity: 'error',
    title: 'Two segments hold the same offsets',
    meaning: "A segment's last offset is not below the next segment's base offset, so some offsets are there twice.",
    causes:
      'Files that were copied back into the directory, a segment renamed by hand, or a swap that a crash interrupted.',
    action: 'Look at both segments with `seglog dump` and move the wrong one out of the directory',
  },
  SEGMENTS_GAP: {
    severity: 'info',
    title: 'Offsets are missing between two segments',
    meaning:
      'The next segment begins above the offset that this one ends before. Readers skip to it. Compaction leaves such gaps too, ' +
      'but nothing else in this partition shows that it was compacted.',
    causes: 'A segment that was deleted or lost, or a log that recovery cut while later segments stayed.',
    action: 'If records are missing, restore the segment from a replica; otherwise nothing needs to be done',
  },
  SEGMENT_EMPTY: {
    severity: 'info',
    title: 'A segment that is not the last one is empty',
    meaning: 'The file holds no batch. Kafka opens it and goes on.',
    causes: 'Recovery emptied it after a fault, or its records were deleted by other means than retention.',
    action: 'If records are missing, restore the segment from a replica; otherwise nothing needs to be done',
  },
  SEGMENT_BELOW_LOG_START: {
    severity: 'info',
    title: 'A whole segment lies below the log start offset',
    meaning: 'No reader can see its records. The broker deletes it at its next retention check.',
    causes: 'Records were deleted up to an offset, and the broker stopped before it had removed the files.',
    action: LOOK,
  },
  NO_SEGMENTS: {
    severity: 'warning',
    title: 'The partition has no segment',
    meaning: 'There is no .log file. Kafka keeps at least one, if an empty one, and would begin a new log here.',
    causes: 'Files that were moved or deleted by hand, or a copy that left out the .log files.',
    action: 'Restore the .log files, unless the partition is meant to begin anew',
  },
  PARTITION_NAME_INVALID: {
    severity: 'info',
    title: "The directory's name is not that of a partition",
    meaning:
      'Kafka takes a directory for a partition when it is named "<topic>-<number>". Nothing that depends on the name was checked.',
    causes: 'A directory that was copied or renamed to be looked at.',
    action: 'Name it as Kafka does before a broker is to open it',
  },
  PARTITION_LEAVING: {
    severity: 'info',
    title: 'A deleted, stray or future partition',
    meaning:
      'The name ends with "-delete" (its topic was deleted, the files go soon), "-stray" (the broker found that it is no longer ' +
      'a replica of it) or "-future" (it is being moved to this directory from another one).',
    causes: 'The broker stopped before it was done with the directory; a stray one stays until somebody removes it.',
    action: 'Leave it to the broker; a stray one may be removed once its records are known to be elsewhere',
  },
  LEFTOVER_DELETED: {
    severity: 'warning',
    title: 'A file that was to be deleted is still there',
    meaning: 'The name ends with ".deleted". It is no longer part of the log and takes space.',
    causes: 'The broker stopped within file.delete.delay.ms (one minute) after it had deleted a segment.',
    action: AT_NEXT_START,
  },
  LEFTOVER_CLEANED: {
    severity: 'warning',
    title: 'Output of a compaction or split that did not end',
    meaning: 'The name ends with ".cleaned". It is incomplete, no part of the log, and takes space.',
    causes: 'The broker stopped while the cleaner was writing.',
    action: AT_NEXT_START,
  },
  LEFTOVER_SWAP: {
    severity: 'warning',
    title: 'A compaction or split whose last step is missing',
    meaning:
      'The name ends with ".swap": the file is complete and waits to take the place of the segments it was made from, which are ' +
      'still there or partly gone. Until then the directory may look as if segments were doubled or missing.',
    causes: 'The broker stopped while it was renaming files.',
    action: 'Start the broker, or run `seglog repair`: both finish the swap. Do not rename the files by hand',
  },
  LEFTOVER_TEMPORARY: {
    severity: 'warning',
    title: 'A file that was to replace another one is still there',
    meaning:
      'Small files are written under a name with ".tmp" (KRaft snapshots: ".part") and then renamed. This one was not.',
    causes: 'The broker stopped, or the disk was full, while the file was written.',
    action: 'The file may be removed while no broker is running',
  },
  QUARANTINE: {
    severity: 'info',
    title: 'There are bytes that a recovery or repair cut',
    meaning:
      'seglog keeps what it cuts from a log in "quarantine/" within the partition directory. Kafka passes it over.',
    causes: 'An earlier recovery or repair of this partition by seglog.',
    action: 'Look at the files with `seglog dump`, and remove the directory when they are not needed any more',
  },
  UNKNOWN_FILE: {
    severity: 'info',
    title: 'A file that does not belong here',
    meaning: 'Neither Kafka nor seglog makes files of this name here. It was not looked into.',
    causes: 'A copy, an editor, a backup program, or a newer version of Kafka.',
    action: 'Move it elsewhere if nobody needs it here',
  },
  SPECIAL_FILE: {
    severity: 'warning',
    title: 'A link, device or other thing that is no regular file',
    meaning:
      'Kafka makes regular files and directories only. Links are not followed here, so what it stands for was not checked.',
    causes: 'Somebody moved files elsewhere and linked them, or unpacked an archive that holds links.',
    action: 'Put the file itself in place of the link',
  },
  FILE_TOO_LARGE: {
    severity: 'warning',
    title: 'A file is far larger than its kind can be',
    meaning: 'It was not read, to keep memory bounded.',
    causes: 'Space that was set aside and not given back, or another file under this name.',
    action: 'Look at its first bytes with another tool, and move it out of the directory if it is something else',
  },
};
