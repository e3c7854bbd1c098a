/** What this process holds of a directory's files: open descriptors and mappings, each with the name of its file. */
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** What Linux puts behind the name of a file that has none any more. */
const UNLINKED = ' (deleted)';

/** The file of a line of /proc/self/maps: addresses, permissions, offset, device, inode, and then a path, which may have spaces. */
const MAPPED_FILE = /^(?:\S+\s+){5}(\/.*)$/;

/**
 * @param {string} directory
 * @returns {string[]} paths, sorted, one for each descriptor and each mapping; nothing where Linux does not tell
 * @example heldFiles('/data') // ['/data/t-0/00000000000000000000.log', '/data/t-0/00000000000000000000.index (deleted)']
 */
export function heldFiles(directory) {
  if (process.platform !== 'linux') return [];
  const within = realpathSync(directory) + path.sep;
  return [...openFiles(), ...mappedFiles(readFileSync('/proc/self/maps', 'utf8'))]
    .filter((name) => name.startsWith(within))
    .sort();
}

/** Those of {@link heldFiles} that have been deleted, or are about to be: a log lets go of them when it is through with them. */
export function heldThoughDeleted(directory) {
  return heldFiles(directory).filter((name) => name.endsWith(UNLINKED) || name.endsWith('.deleted'));
}

function openFiles() {
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      return [readlinkSync(`/proc/self/fd/${descriptor}`)];
    } catch {
      // The one that the list itself was read with, or one that another thread closed since.
      return [];
    }
  });
}

/** The files in a text of the form of /proc/self/maps, one for each mapping of one. @param {string} maps */
export function mappedFiles(maps) {
  return maps.split('\n').flatMap((line) => MAPPED_FILE.exec(line)?.[1] ?? []);
}
