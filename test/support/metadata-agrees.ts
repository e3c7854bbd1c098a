/** Whether the metadata log and the directories of log directories say the same. */
import { join } from 'node:path';
import { expect } from 'vitest';
import { systemClock } from '../../src/clock/clock.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { parsePartitionMetadata } from '../../src/format/partition-metadata.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { replayMetadata, type ReplayedMetadata } from '../../src/metadata/replay.ts';

const METADATA = '__cluster_metadata-0';

function textOf(fs: FileSystem, path: string): string {
  return Buffer.from(fs.readSmall(path) ?? '').toString();
}

/** What the metadata log among these log directories says. */
function metadataIn(fs: FileSystem, directories: readonly string[]): ReplayedMetadata {
  const found = directories.filter((path) => fs.list(path).includes(METADATA));
  expect(found).toHaveLength(1);
  const environment = { engine: defaultEngine(), fs, clock: systemClock };
  return replayMetadata(environment, join(found[0] ?? '', METADATA), false);
}

/** Each partition that is known has its directory, where it should be and with its topic's id; and no other one is there. */
export function expectAgreement(fs: FileSystem, directories: readonly string[], at: string): void {
  const { image } = metadataIn(fs, directories);
  const known = [...image.topics.values()].flatMap(({ name, topicId, partitions }) =>
    [...partitions.values()].map(({ partitionId, directories: places }) =>
      [`${name}-${partitionId}`, topicId, places[0]].join(' '),
    ),
  );
  const there = directories.flatMap((path) => {
    const directoryId = /directory\.id=(.*)/.exec(textOf(fs, join(path, 'meta.properties')))?.[1];
    const live = fs.list(path).filter((name) => name !== METADATA && /^[\w.-]+-\d+$/.test(name));
    return live.map((name) => {
      const file = join(path, name, 'partition.metadata');
      return [name, parsePartitionMetadata(textOf(fs, file), file).topicId, directoryId].join(' ');
    });
  });
  expect(there.sort(), at).toEqual(known.sort());
}
