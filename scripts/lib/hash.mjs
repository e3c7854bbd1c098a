/** Hashes over sources: what was built from exactly these bytes is current, whatever the files' times say. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from './project.mjs';

/** Every file under a folder (or the file itself), as sorted absolute paths; none where there is nothing. */
export function filesUnder(start, { skip = [] } = {}) {
  const stats = statSync(start, { throwIfNoEntry: false });
  if (stats === undefined) return [];
  if (stats.isFile()) return [start];
  return readdirSync(start, { withFileTypes: true })
    .filter((entry) => !skip.includes(entry.name))
    .flatMap((entry) =>
      entry.isDirectory() ? filesUnder(path.join(start, entry.name), { skip }) : [path.join(start, entry.name)],
    )
    .filter((file) => !file.endsWith('.node'))
    .sort();
}

/** One hash over names and contents of files, and over words such as a compiler's version. */
export function hashOf(files, words = []) {
  const hash = createHash('sha256');
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${bytes.length}\0`).update(bytes);
  }
  for (const word of words) hash.update(`\0${word}`);
  return hash.digest('hex');
}
