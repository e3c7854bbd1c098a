/**
 * Which cluster, node and directory a log directory belongs to (`meta.properties`).
 *
 * All directories of a store must say the same of cluster and node, and each must be another directory. That is looked at
 * before anything is locked or changed: a directory of somebody else stays as it is. And again when all are locked: what is
 * written goes by what is there then.
 */
import { join } from 'node:path';
import { SeglogError } from '../errors/errors.ts';
import { type MetaProperties, parseMetaProperties, printMetaProperties } from '../format/meta-properties.ts';
import { LOG_DIRECTORY_FILES } from '../format/names.ts';
import type { FileSystem } from '../fs/contract.ts';
import { randomId } from './unique-id.ts';

/** The node id of new directories. */
const DEFAULT_NODE_ID = 1;
/** Small files of a few lines. */
const MAX_BYTES = 64 * 1024;

/** Cluster and node. */
export interface Identity {
  readonly clusterId: string;
  readonly nodeId: number;
}

/** What a caller asked for. */
export interface WantedIdentity {
  readonly clusterId: string | undefined;
  readonly nodeId: number | undefined;
}

/** A directory's file; undefined when there is none. @throws SeglogError `CORRUPT_CHECKPOINT`, `UNSUPPORTED_VERSION`, `IO` */
export function readIdentity(fs: FileSystem, directory: string): MetaProperties | undefined {
  const path = join(directory, LOG_DIRECTORY_FILES.metaProperties);
  const bytes = fs.readSmall(path, MAX_BYTES);
  return bytes === undefined ? undefined : parseMetaProperties(bytes, path);
}

/**
 * What the directories agree on, or a new cluster where none of them says which it is of.
 *
 * @param found - by directory; those that could not be read are not in it
 * @param unread - why one of them could not be
 * @throws SeglogError `DIRECTORY_MISMATCH` naming the file that says something else; `IO` where it would be a new cluster, and
 * the directory that could not be read may be of another one
 */
export function agreedIdentity(
  found: ReadonlyMap<string, MetaProperties | undefined>,
  wanted: WantedIdentity,
  unread: SeglogError | undefined,
): Identity {
  let { clusterId, nodeId } = wanted;
  const directories = new Map<string, string>();
  for (const [directory, meta] of found) {
    if (meta === undefined) continue;
    const file = join(directory, LOG_DIRECTORY_FILES.metaProperties);
    // Version 0 may have a node that was yet to be given its id.
    const itsNode = meta.nodeId === -1 ? undefined : meta.nodeId;
    clusterId = agreed('cluster.id', clusterId, meta.clusterId, file);
    nodeId = agreed('node.id', nodeId, itsNode, file);
    if (meta.directoryId === undefined) continue;
    const other = directories.get(meta.directoryId);
    if (other !== undefined) {
      throw new SeglogError('DIRECTORY_MISMATCH', 'two log directories have the same directory.id', {
        file,
        expected: `another one than ${other}`,
        found: meta.directoryId,
        action: 'One is a copy of the other: leave it out',
      });
    }
    directories.set(meta.directoryId, directory);
  }
  if (clusterId === undefined && unread !== undefined) throw unknownCluster(unread);
  return { clusterId: clusterId ?? randomId(), nodeId: nodeId ?? DEFAULT_NODE_ID };
}

function unknownCluster(cause: SeglogError): SeglogError {
  const { code, file, errno } = cause;
  return new SeglogError(code, 'a log directory is offline, and no other one says which cluster they are of', {
    ...(file === undefined ? {} : { file }),
    ...(errno === undefined ? {} : { errno }),
    cause,
    action: 'Make it readable, or leave it out',
  });
}

function agreed<T extends string | number>(
  key: string,
  known: T | undefined,
  found: T | undefined,
  file: string,
): T | undefined {
  if (known === undefined || found === undefined || known === found) return known ?? found;
  throw new SeglogError('DIRECTORY_MISMATCH', `the log directory has another ${key}`, {
    file,
    expected: known,
    found,
    action: 'It belongs to another cluster or broker: leave it out, or open it alone',
  });
}

/** Makes the file, or completes it, where it does not say all that it should; returns the directory's id. @throws SeglogError `IO` */
export function writeIdentity(
  fs: FileSystem,
  directory: string,
  meta: MetaProperties | undefined,
  { clusterId, nodeId }: Identity,
): string {
  const isComplete = meta?.clusterId !== undefined && meta.nodeId === nodeId;
  if (isComplete && meta.directoryId !== undefined) return meta.directoryId;
  const directoryId = meta?.directoryId ?? randomId();
  const complete = { version: 1, others: [], ...meta, clusterId, nodeId, directoryId };
  const path = join(directory, LOG_DIRECTORY_FILES.metaProperties);
  fs.replaceSmall(path, new TextEncoder().encode(printMetaProperties(complete)));
  return directoryId;
}
