/** The producers of a snapshot. */
import { type Crc32c, decodeProducerSnapshot, type ProducerSnapshotEntry } from '../format/producer-snapshot.ts';
import type { KnownFile } from './file-kinds.ts';
import { subtractSequence } from './batch-summary.ts';

/** Entries that are handed over together. */
const PIECE_ENTRIES = 512;

/** Prints the entries, in the order of the file. @throws SeglogError `CORRUPT_SNAPSHOT`, `UNSUPPORTED_VERSION` */
export function* dumpProducerSnapshot(
  known: KnownFile,
  bytes: Uint8Array,
  crc32c: Crc32c,
  json: boolean,
): Generator<string, void> {
  const entries = decodeProducerSnapshot(bytes, crc32c, known.path);
  const lineOf = json ? jsonLine : textLine;
  for (let at = 0; at < entries.length; at += PIECE_ENTRIES)
    yield entries
      .slice(at, at + PIECE_ENTRIES)
      .map(lineOf)
      .join('');
}

/** In Kafka's words. There is no last batch when only markers were seen. */
function textLine(entry: ProducerSnapshotEntry): string {
  const open = entry.currentTxnFirstOffset >= 0n ? `[${entry.currentTxnFirstOffset}]` : '.empty';
  const producer =
    `producerId: ${entry.producerId} producerEpoch: ${entry.producerEpoch} coordinatorEpoch: ${entry.coordinatorEpoch}` +
    ` currentTxnFirstOffset: OptionalLong${open} lastTimestamp: ${entry.timestamp}`;
  if (entry.lastOffset < 0n) return `${producer}\n`;
  return (
    `${producer} firstSequence: ${firstSequence(entry)} lastSequence: ${entry.lastSequence}` +
    ` lastOffset: ${entry.lastOffset} offsetDelta: ${entry.offsetDelta} timestamp: ${entry.timestamp}\n`
  );
}

/** The same, with null for what there is not. */
function jsonLine(entry: ProducerSnapshotEntry): string {
  const open = entry.currentTxnFirstOffset >= 0n ? entry.currentTxnFirstOffset : null;
  const has = entry.lastOffset >= 0n;
  return (
    `{"type":"producer","producerId":${entry.producerId},"producerEpoch":${entry.producerEpoch}` +
    `,"coordinatorEpoch":${entry.coordinatorEpoch},"currentTxnFirstOffset":${open},"lastTimestamp":${entry.timestamp}` +
    `,"firstSequence":${has ? firstSequence(entry) : null},"lastSequence":${has ? entry.lastSequence : null}` +
    `,"lastOffset":${has ? entry.lastOffset : null},"offsetDelta":${has ? entry.offsetDelta : null}` +
    `,"timestamp":${has ? entry.timestamp : null}}\n`
  );
}

function firstSequence({ lastSequence, offsetDelta }: ProducerSnapshotEntry): number {
  return subtractSequence(lastSequence, offsetDelta);
}
