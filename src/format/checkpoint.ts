/**
 * Text checkpoints: small files of numbers, replaced whole.
 *
 *     0                  the version
 *     2                  how many entries follow
 *     orders 0 4711      one a line; here <topic> <partition> <offset>
 *     orders 1 42
 *
 * `leader-epoch-checkpoint` has `<epoch> <start offset>` instead. Every line ends with a line feed. An empty file is an
 * empty checkpoint.
 *
 * Source: spec 2.8, Kafka's `CheckpointFile`.
 */
import { SeglogError } from '../errors/errors.ts';
import type { TopicPartition } from './names.ts';

const VERSION = '0';

/** An offset of a partition, as the checkpoints beside the partition directories have it. */
export interface PartitionOffset extends TopicPartition {
  readonly offset: bigint;
}

/** Where a leader epoch starts. */
export interface EpochStart {
  readonly epoch: number;
  readonly startOffset: bigint;
}

/** The lines of a checkpoint, each checked against `form`; `file` is named in errors. */
function parseLines(text: string, form: RegExp, expected: string, file: string): string[][] {
  if (text === '') return [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const corrupt = (message: string, line: number, wanted: string, found: string | undefined): never => {
    throw new SeglogError('CORRUPT_CHECKPOINT', `${message} in line ${line}`, {
      file,
      position: Buffer.byteLength(lines.slice(0, line - 1).join('\n')) + (line > 1 ? 1 : 0),
      expected: wanted,
      found: found ?? 'the end of the file',
    });
  };
  if (!/^-?\d+$/.test(lines[0] ?? '')) corrupt('no version', 1, 'a number', lines[0]);
  if (lines[0] !== VERSION) {
    throw new SeglogError('UNSUPPORTED_VERSION', 'unknown version of a checkpoint', {
      file,
      position: 0,
      expected: VERSION,
      found: lines[0] ?? '',
    });
  }
  if (!/^\d{1,9}$/.test(lines[1] ?? '')) corrupt('no number of entries', 2, 'a number', lines[1]);
  const count = Number(lines[1]);
  const entries = lines.slice(2).map((line, at) => {
    const match = form.exec(line);
    return match?.slice(1) ?? corrupt('no entry', at + 3, expected, line);
  });
  if (entries.length !== count) {
    const isCut = entries.length < count && !text.endsWith('\n');
    const wanted = `${entries.length}, as many as there are lines`;
    corrupt('wrong number of entries', isCut ? lines.length : 2, wanted, String(count));
  }
  return entries;
}

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` */
export function parsePartitionOffsets(text: string, file: string): PartitionOffset[] {
  return parseLines(text, /^(\S+) (\d{1,10}) (-?\d{1,19})$/, '<topic> <partition> <offset>', file).map(
    ([topic = '', partition, offset = '']) => ({ topic, partition: Number(partition), offset: BigInt(offset) }),
  );
}

/** @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION` */
export function parseLeaderEpochs(text: string, file: string): EpochStart[] {
  return parseLines(text, /^(-?\d{1,10}) (-?\d{1,19})$/, '<epoch> <start offset>', file).map(
    ([epoch, startOffset = '']) => ({ epoch: Number(epoch), startOffset: BigInt(startOffset) }),
  );
}

function printLines(lines: readonly string[]): string {
  return [VERSION, String(lines.length), ...lines, ''].join('\n');
}

/** The text of a checkpoint beside the partition directories. */
export function printPartitionOffsets(entries: readonly PartitionOffset[]): string {
  return printLines(entries.map(({ topic, partition, offset }) => `${topic} ${partition} ${offset}`));
}

/** The text of a `leader-epoch-checkpoint`. */
export function printLeaderEpochs(entries: readonly EpochStart[]): string {
  return printLines(entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}`));
}
