/** What a soak finds when its load has ended: every record that was appended, once, with its value. */
import { crc32 } from 'node:zlib';

/** Where a record's number stands in its value: the number is its offset. */
export const NUMBER_BYTES = 6;

/** Values in order, as a count and a checksum: two of them are the same values in the same order. */
export class Tally {
  count = 0;
  checksum = 0;

  /** @param {string | Uint8Array} value */
  add(value) {
    this.count++;
    this.checksum = crc32(value, this.checksum);
  }
}

/** What is wrong with files that are held when none should be: how many, and the first of them. @param {readonly string[]} held */
export function complaintOfHeld(how, held) {
  return held.length === 0 ? undefined : `${held.length} files are ${how}: ${held.slice(0, 3).join(', ')}`;
}

/** What is wrong with one who followed a log. @param {Tally} appended @param {Tally} followed */
export function complaintOfTally(who, appended, followed) {
  if (followed.count === appended.count && followed.checksum === appended.checksum) return undefined;
  const told = ({ count, checksum }) => `${count} records of checksum ${checksum}`;
  return `${who} saw ${told(followed)}, and there were appended ${told(appended)}`;
}

/**
 * Reads a log from its start to its end, synchronously: offsets have no gap, and a record is what its offset says.
 *
 * @param {{ logStartOffset: number, logEndOffset: number, readSync(): Iterable<any> }} log
 * @param {(value: Buffer, offset: number) => boolean} isRight
 * @returns {{ records: number, complaint: string | undefined }}
 */
export function readWhole(log, isRight) {
  let next = log.logStartOffset;
  for (const batch of log.readSync()) {
    for (const { offset, value } of batch.records()) {
      if (offset < log.logStartOffset) continue;
      if (offset !== next) return { records: 0, complaint: `offset ${offset} is where ${next} should be` };
      if (!isRight(value, offset)) return { records: 0, complaint: `record ${offset} has another one's value` };
      next++;
    }
  }
  const complaint = next === log.logEndOffset ? undefined : `the log ends at ${next}, and not at ${log.logEndOffset}`;
  return { records: next - log.logStartOffset, complaint };
}

/**
 * Whether a compacted log has the last value of each key. Values were numbered from 0 on, and their keys are those numbers modulo
 * `keys`.
 *
 * @param {{ readSync(): Iterable<any> }} log
 * @param {{ keys: number, count: number }} appended
 */
export function complaintOfKeys(log, { keys, count }) {
  const newest = new Map();
  for (const batch of log.readSync()) {
    for (const { key, value } of batch.records()) newest.set(String(key), Number(value));
  }
  if (newest.size !== Math.min(keys, count)) return `${newest.size} of ${Math.min(keys, count)} keys are there`;
  for (let number = Math.max(0, count - keys); number < count; number++) {
    const found = newest.get(`key ${number % keys}`);
    if (found !== number) return `the last value of key ${number % keys} is ${number}, and ${found} is there`;
  }
  return undefined;
}
