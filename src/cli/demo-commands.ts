/** The commands that the demo ends with: written so that they work where it was run. */
import { relative, sep } from 'node:path';

/** A path as short as it can be from here. */
export function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  if (fromHere === '') return '.';
  return fromHere.length < path.length && !fromHere.startsWith('..') ? fromHere : path;
}

/** A word for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** How this program is called: by name where it was installed as a package, else by its file. */
export function programCall(mainFile: string | undefined): string {
  if (mainFile === undefined || mainFile.includes(`${sep}node_modules${sep}`)) return 'npx seglog';
  return `node ${shellWord(shortPath(mainFile))}`;
}
