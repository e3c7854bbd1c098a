/** The checkpoints beside the partition directories: their form, and whom they name. */
import { type PartitionOffset, parsePartitionOffsets, printPartitionOffsets } from '../../../format/checkpoint.ts';
import type { Finding } from '../../findings/finding.ts';
import { checkForm, lineStarts, parsed, textOf } from '../partition/text-lines.ts';
import { told } from '../partition/told.ts';

/** Lines before the first entry. */
const FIRST_ENTRY = 2;

/** @param partitions names of the directories that are there; undefined when the file was named alone */
export function* checkOffsetsFile(
  path: string,
  bytes: Uint8Array,
  partitions: ReadonlySet<string> | undefined,
): Generator<Finding, void> {
  const text = textOf(bytes);
  const entries = yield* parsed('CHECKPOINT_UNREADABLE', path, () => parsePartitionOffsets(text, path));
  if (entries === undefined) return;
  if (entries.length > 0 || text !== '') yield* checkForm(path, text, printPartitionOffsets(entries));
  yield* checkEntries(path, text, entries, partitions);
}

function* checkEntries(
  path: string,
  text: string,
  entries: readonly PartitionOffset[],
  partitions: ReadonlySet<string> | undefined,
): Generator<Finding, void> {
  const seen = new Set<string>();
  let stale: { readonly name: string; readonly position: number | undefined } | undefined;
  let staleCount = 0;
  const starts = lineStarts(text);
  for (const [index, { topic, partition, offset }] of entries.entries()) {
    const position = starts[FIRST_ENTRY + index];
    const name = `${topic}-${partition}`;
    if (seen.has(name))
      yield told('CHECKPOINT_DUPLICATE', path, { position, expected: 'each partition once', found: name });
    seen.add(name);
    if (offset < 0n)
      yield told('CHECKPOINT_NEGATIVE', path, { position, expected: 'from 0 on', found: offset, message: name });
    if (partitions?.has(name) === false) {
      stale ??= { name, position };
      staleCount += 1;
    }
  }
  if (stale === undefined) return;
  // Once: a log directory of which somebody copied a part lacks most of its partitions.
  const expected = staleCount === 1 ? stale.name : `${stale.name} and ${staleCount - 1} more partitions`;
  yield told('CHECKPOINT_STALE', path, { position: stale.position, expected, found: 'no such directory' });
}
