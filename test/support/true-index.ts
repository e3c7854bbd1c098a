/** Whether the bytes of an index file tell what is in the log, by the log's bytes alone. */
import { OFFSET_INDEX } from '../../src/format/offset-index.ts';
import { TIME_INDEX } from '../../src/format/time-index.ts';
import type { ValidPrefix } from './log-bytes.ts';

/** Entries rise, and each is of a batch: a position with its batch's last offset, a timestamp with its own. */
export function isTrueIndex(name: string, bytes: Buffer, segment: ValidPrefix): boolean {
  return name.endsWith('.timeindex') ? isTrueTimeIndex(bytes, segment) : isTrueOffsetIndex(bytes, segment);
}

function isTrueOffsetIndex(bytes: Buffer, { baseOffset, entries }: ValidPrefix): boolean {
  if (bytes.length % OFFSET_INDEX.ENTRY_SIZE !== 0) return false;
  const positions = new Map(entries.map(({ position, lastOffset }) => [position, lastOffset - baseOffset]));
  for (let at = 0, last = -1; at < bytes.length; at += OFFSET_INDEX.ENTRY_SIZE) {
    const position = bytes.readInt32BE(at + 4);
    if (position <= last || positions.get(position) !== BigInt(bytes.readInt32BE(at))) return false;
    last = position;
  }
  return true;
}

function isTrueTimeIndex(bytes: Buffer, { baseOffset, entries }: ValidPrefix): boolean {
  if (bytes.length % TIME_INDEX.ENTRY_SIZE !== 0) return false;
  const offsets = new Map(entries.map(({ lastOffset, maxTimestamp }) => [lastOffset - baseOffset, maxTimestamp]));
  let last = -1n;
  for (let at = 0; at < bytes.length; at += TIME_INDEX.ENTRY_SIZE) {
    const timestamp = bytes.readBigInt64BE(at);
    if (timestamp <= last || offsets.get(BigInt(bytes.readInt32BE(at + 8))) !== timestamp) return false;
    last = timestamp;
  }
  return true;
}
