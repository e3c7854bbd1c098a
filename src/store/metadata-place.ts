/**
 * Which log directory has the metadata log. It is made in the first one that is online, and stays there; the others say which one it
 * is (`.seglog_metadata`): opened without it, nobody takes them for a store without one.
 */
import { join } from 'node:path';
import { isNoSpace, SeglogError } from '../errors/errors.ts';
import { LOG_DIRECTORY_FILES, METADATA_DIRECTORY } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { checkOneNode, readQuorumState } from '../metadata/one-node.ts';
import { replayMetadata, type ReplayedMetadata } from '../metadata/replay.ts';
import type { StoreEnvironment } from './environment.ts';
import type { Identity } from './identity.ts';
import type { StoreDirectory } from './store-directory.ts';

/** An id. */
const MAX_PLACE_BYTES = 1024;

/** The metadata log as it lies in a log directory. */
export interface FoundMetadata {
  readonly root: StoreDirectory;
  /** Its own directory. */
  readonly path: string;
  /** undefined where it is not there. */
  readonly replayed: ReplayedMetadata | undefined;
}

/** Whether anything was ever decided in the log. A crash while it was being made leaves one that says nothing. */
export function hasBegun(replayed: ReplayedMetadata | undefined): replayed is ReplayedMetadata {
  return replayed !== undefined && (replayed.image.metadataVersion !== undefined || replayed.image.topics.size > 0);
}

/**
 * Where the metadata log is, or will be, and what it says.
 *
 * @param identity - which it must be of; any when left out
 * @param saysClean - whether a mark says of a log directory that all in it was closed clean
 * @throws SeglogError `DIRECTORY_MISMATCH` for two of them, one of other nodes, or one that is elsewhere; as `replayMetadata`
 */
export function findMetadata(
  environment: StoreEnvironment,
  directories: readonly StoreDirectory[],
  identity: Identity | undefined,
  saysClean: (root: StoreDirectory) => boolean,
): FoundMetadata {
  const { fs } = environment;
  const online = directories.filter(({ isOnline }) => isOnline);
  const [first] = online;
  if (first === undefined) throw new SeglogError('LOG_OFFLINE', 'no log directory is online');
  const places = online.map((root) => ({ root, path: join(root.path, METADATA_DIRECTORY) }));
  const [there, other] = places.filter(({ path }) => fs.stat(path) !== undefined);
  if (there === undefined) {
    const root = chosenPlace(environment, directories) ?? first;
    return { root, path: join(root.path, METADATA_DIRECTORY), replayed: undefined };
  }
  if (other !== undefined) throw twoLogs(there.path, other.path);
  const { root, path } = there;
  const replayed = replayMetadata(environment, path, saysClean(root));
  if (identity !== undefined) checkOneNode(path, replayed, readQuorumState(fs, path), identity);
  return { root, path, replayed };
}

/**
 * A mark of a clean stop names the broker by the offset of its registration. A log that ends before that has lost its records, and
 * would pass for one that never had any.
 *
 * @throws SeglogError `LOG_CORRUPT`
 */
export function checkEnd({ path, replayed }: FoundMetadata, markedBrokerEpoch: number | undefined): void {
  if (replayed === undefined || markedBrokerEpoch === undefined || markedBrokerEpoch < replayed.logEndOffset) return;
  throw new SeglogError('LOG_CORRUPT', 'the metadata log ends before the broker that the mark of a clean stop names', {
    ...{ file: path, expected: `an end behind offset ${markedBrokerEpoch}`, found: replayed.logEndOffset },
    action:
      'Nothing was changed. Restore it from a copy, or move it away: topics are then made from their directories, without their configurations',
  });
}

/** Tells the other log directories which one has the metadata log. What one does not take takes it offline; without space it is told. */
export function notePlace(
  { fs, problems }: StoreEnvironment,
  directories: readonly StoreDirectory[],
  root: StoreDirectory,
): void {
  for (const directory of directories) {
    if (!directory.isOnline) continue;
    const file = join(directory.path, LOG_DIRECTORY_FILES.metadataPlace);
    try {
      const known = placeIn(fs, directory);
      if (directory === root) {
        if (known !== undefined) fs.remove(file);
      } else if (known !== root.id) fs.replaceSmall(file, new TextEncoder().encode(`${root.id ?? ''}\n`));
    } catch (error) {
      if (isNoSpace(error)) problems.add(error);
      else directory.goOffline(error);
    }
  }
}

/** The `directory.id` of the log directory that has the metadata log, as another one says; undefined when it says nothing. */
function placeIn(fs: FileSystem, { path }: StoreDirectory): string | undefined {
  const bytes = fs.readSmall(join(path, LOG_DIRECTORY_FILES.metadataPlace), MAX_PLACE_BYTES);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes).trim();
}

/**
 * The log directory that was to have the metadata log, where a crash came before it was made; undefined where none was chosen.
 *
 * @throws SeglogError when that is none of these: topics are not made up while somebody knows them. Deleted ones would be back, and
 * nobody could tell the two metadata logs apart
 */
function chosenPlace({ fs }: StoreEnvironment, directories: readonly StoreDirectory[]): StoreDirectory | undefined {
  for (const directory of directories) {
    const place = directory.isOnline ? placeIn(fs, directory) : undefined;
    if (place === undefined) continue;
    const chosen = directories.find(({ id, isOnline }) => isOnline && id === place);
    if (chosen !== undefined) return chosen;
    const file = join(directory.path, LOG_DIRECTORY_FILES.metadataPlace);
    const cause = directories.find(({ isOnline }) => !isOnline)?.problem;
    const { code = 'DIRECTORY_MISMATCH', errno } = cause ?? {};
    throw new SeglogError(code, 'the metadata log is in another log directory, which is not here', {
      file: cause?.file ?? file,
      ...(errno === undefined ? {} : { errno }),
      ...(cause === undefined ? {} : { cause }),
      expected: `the log directory with directory.id ${place}`,
      found: cause === undefined ? 'others alone' : 'one that is offline',
      action: `Open all log directories of the store together. If that one is lost for good, remove ${file} from those that are left: topics are then made from their directories, without their configurations, and their partitions that are lost anew`,
    });
  }
  return undefined;
}

function twoLogs(file: string, other: string): SeglogError {
  return new SeglogError('DIRECTORY_MISMATCH', `two log directories have a metadata log, ${file} and ${other}`, {
    file,
    expected: 'one, in one log directory',
    found: 'two',
    action:
      'One of them was opened without the other. Move the metadata log that is wrong away: topics that only it has are made from their directories then',
  });
}
