/** Files for the cases that need some: in a fresh temporary directory, gone at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

let directory;
let files = 0;

/** The path of a file that is not there yet. */
export function scratchFile() {
  directory ??= mkdtempSync(path.join(tmpdir(), 'seglog-micro-'));
  return path.join(directory, `${files++}.log`);
}

/** Removes them all. */
export function removeScratch() {
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  directory = undefined;
}
