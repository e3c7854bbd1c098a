/** Files for the cases that need some: in a fresh temporary directory, gone at the end. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

let directory;
let files = 0;

function place() {
  directory ??= mkdtempSync(path.join(tmpdir(), 'seglog-micro-'));
  return path.join(directory, String(files++));
}

/** The path of a file that is not there yet. */
export function scratchFile() {
  return `${place()}.log`;
}

/** A new, empty directory. */
export function scratchDirectory() {
  const made = place();
  mkdirSync(made);
  return made;
}

/** Removes them all. */
export function removeScratch() {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  directory = undefined;
}
