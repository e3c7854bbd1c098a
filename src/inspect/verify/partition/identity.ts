/** `partition.metadata` and `quorum-state`: what no other file of the partition tells. */
import { basename, join, resolve } from 'node:path';
import { PARTITION_FILES } from '../../../format/names.ts';
import { parsePartitionMetadata, printPartitionMetadata } from '../../../format/partition-metadata.ts';
import { parseQuorumState, type QuorumState } from '../../../format/quorum-state.ts';
import type { Finding } from '../../findings/finding.ts';
import { type Contents, METADATA_PARTITION, QUORUM_STATE } from './contents.ts';
import type { PartitionExtent } from './extent.ts';
import { MAX_FEW_BYTES, type SmallFiles } from './small-files.ts';
import { checkForm, parsed, textOf } from './text-lines.ts';
import { told } from './told.ts';

/** The topic id in a `partition.metadata`, after findings about its form; undefined when it cannot be read. */
export function* checkMetadataFile(path: string, bytes: Uint8Array): Generator<Finding, string | undefined> {
  const text = textOf(bytes);
  const metadata = yield* parsed('TOPIC_ID_UNREADABLE', path, () => parsePartitionMetadata(text, path));
  if (metadata === undefined) return undefined;
  // What a later version writes is not known here.
  if (metadata.version === 0) yield* checkForm(path, text, printPartitionMetadata(metadata.topicId));
  return metadata.topicId;
}

/** A `quorum-state`, after findings about its form; undefined when it cannot be read. */
export function* checkQuorumFile(path: string, bytes: Uint8Array): Generator<Finding, QuorumState | undefined> {
  return yield* parsed('QUORUM_STATE_UNREADABLE', path, () => parseQuorumState(bytes, path));
}

/** Both files of a partition. */
export function* checkIdentity(
  directory: string,
  files: SmallFiles,
  contents: Contents,
  extent: PartitionExtent,
): Generator<Finding, void> {
  const metadataPath = join(directory, PARTITION_FILES.metadata);
  const metadata = files.read(metadataPath, MAX_FEW_BYTES);
  if (metadata !== undefined) yield* checkMetadataFile(metadataPath, metadata);
  else if (!contents.files.has(PARTITION_FILES.metadata) && isBrokers(contents.files)) {
    yield told('TOPIC_ID_MISSING', metadataPath, { found: 'no file' });
  }
  const quorumPath = join(directory, QUORUM_STATE);
  const quorum = files.read(quorumPath, MAX_FEW_BYTES);
  if (quorum !== undefined) yield* checkQuorum(quorumPath, quorum, extent);
  else if (basename(resolve(directory)) === METADATA_PARTITION && !contents.files.has(QUORUM_STATE)) {
    yield told('QUORUM_STATE_MISSING', quorumPath, { found: 'no file' });
  }
}

/** Logs of seglog alone have no topic id, and a mark of their own; those of very old brokers have neither epochs nor id. */
function isBrokers(files: ReadonlySet<string>): boolean {
  return files.has(PARTITION_FILES.leaderEpochs) && !files.has(PARTITION_FILES.cleanShutdown);
}

function* checkQuorum(path: string, bytes: Uint8Array, extent: PartitionExtent): Generator<Finding, void> {
  const state = yield* checkQuorumFile(path, bytes);
  if (state === undefined) return;
  const latest = Math.max(-1, ...extent.segments.map(({ facts }) => facts.epochs.at(-1)?.[0] ?? -1));
  if (latest <= state.leaderEpoch) return;
  const expected = `leader epoch ${latest} or a later one`;
  yield told('QUORUM_STATE_BEHIND', path, { position: 0, expected, found: `leader epoch ${state.leaderEpoch}` });
}
