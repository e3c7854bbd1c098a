/**
 * Results for docs/faults.md: what the long forms of tests counted, in docs/faults/*.json. A file holds one result, or a list of them:
 * `{ name, command, rows, engine, counts: { what: number }, date, commits? }`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './project.mjs';

/**
 * @typedef {{ name: string, command: string, rows: string[], engine: string, counts: Record<string, number>, date: string,
 *   commits?: string[], nextSeed?: number }} Result `commits`: what was tried at, the first and the last of them. `nextSeed`: where
 *   the next session goes on.
 */

/** The results in a file; none where it is not there. @returns {Result[]} */
export function readResults(file) {
  const found = path.resolve(root, file);
  return existsSync(found) ? [JSON.parse(readFileSync(found, 'utf8'))].flat() : [];
}

/** Replaces a file's results at once: an end by force leaves the old ones or the new. @param {Result | Result[]} results */
export function writeResults(file, results) {
  const target = path.resolve(root, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(`${target}.new`, `${JSON.stringify(results, undefined, 2)}\n`);
  renameSync(`${target}.new`, target);
}

/** The day, as results tell it. */
export function today() {
  return new Date().toISOString().slice(0, 10);
}

/** The commit that is checked out, short; `unknown` without git. */
export function commitNow() {
  const { status, stdout } = spawnSync('git', ['rev-parse', '--short=9', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : 'unknown';
}

/**
 * A session's counts, added to those of the sessions before it.
 *
 * @param {Result | undefined} before
 * @param {Result} session with one commit
 * @returns {Result}
 */
export function added(before, session) {
  if (before === undefined) return session;
  const counts = { ...before.counts };
  for (const [what, count] of Object.entries(session.counts)) {
    counts[what] = Math.round(((counts[what] ?? 0) + count) * 100) / 100;
  }
  const commits = [...new Set([before.commits?.[0], session.commits?.at(-1)])].filter((one) => one !== undefined);
  return { ...session, counts, commits };
}

/** Puts results in the place of those in a file that have the same name and engine. @param {Result[]} results */
export function replaceResults(file, results) {
  const isSame = (one) => results.some(({ name, engine }) => one.name === name && one.engine === engine);
  const others = readResults(file).filter((one) => !isSame(one));
  const keyOf = ({ name, engine }) => `${name} ${engine}`;
  writeResults(
    file,
    [...others, ...results].toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1)),
  );
}
