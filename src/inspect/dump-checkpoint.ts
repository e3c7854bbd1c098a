/** The entries of text checkpoints, and a partition's metadata. */
import { parseLeaderEpochs, parsePartitionOffsets } from '../format/checkpoint.ts';
import { parsePartitionMetadata } from '../format/partition-metadata.ts';
import { jsonString, printable } from './byte-encoding.ts';
import type { KnownFile } from './file-kinds.ts';

/** Prints a checkpoint. @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` */
export function dumpCheckpoint(known: KnownFile, bytes: Uint8Array, json: boolean): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  if (known.kind === 'partition-metadata') {
    const { version, topicId } = parsePartitionMetadata(text, known.path);
    return json
      ? `{"type":"partition-metadata","version":${version},"topicId":"${topicId}"}\n`
      : `version: ${version} topicId: ${topicId}\n`;
  }
  if (known.kind === 'leader-epochs') {
    return parseLeaderEpochs(text, known.path)
      .map(({ epoch, startOffset }) =>
        json
          ? `{"type":"leader-epoch","epoch":${epoch},"startOffset":${startOffset}}\n`
          : `epoch: ${epoch} startOffset: ${startOffset}\n`,
      )
      .join('');
  }
  return parsePartitionOffsets(text, known.path)
    .map(({ topic, partition, offset }) =>
      json
        ? `{"type":"checkpoint","topic":${jsonString(topic)},"partition":${partition},"offset":${offset}}\n`
        : `topic: ${printable(topic)} partition: ${partition} offset: ${offset}\n`,
    )
    .join('');
}
