/** The project's own files, for tests that look at all of them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot: string = fileURLToPath(new URL('../..', import.meta.url));

/** The text of a file of the project. */
export function textOf(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}

/** Files under a folder whose names end in `extension`: paths from that folder, with forward slashes, sorted. */
export function filesIn(folder: string, extension: string, skip: readonly string[] = []): string[] {
  return readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => file.endsWith(extension) && !skip.some((part) => file.split('/').includes(part)))
    .sort();
}

/** Every file that git knows or would take, or none outside a repository (a packed copy of the sources). */
export function committedFiles(): string[] {
  if (!existsSync(path.join(projectRoot, '.git'))) return [];
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const listed = execFileSync('git', args, { cwd: projectRoot, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  return listed.split('\0').filter((file) => file !== '' && existsSync(path.join(projectRoot, file)));
}
