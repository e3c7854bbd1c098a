/** Result files: bench/results/DATE.json of sides next to each other, DATE-growth.json and DATE-micro.json of the others. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../scripts/lib/project.mjs';

const NAME = /^(\d{4}-\d{2}-\d{2})(?:-(growth|micro))?\.json$/;

/** 2026-11-21 */
export function dayOf(date) {
  return date.toISOString().slice(0, 10);
}

/** What stood behind npm's `--`, without what says where on this machine something goes. */
export function ownArguments(args) {
  const told = [];
  for (let i = 0; i < args.length; i++) {
    const local = /^--(?:dir|out|before|suite)(=|$)/.exec(args[i]);
    if (local === null) told.push(args[i]);
    else if (local[1] === '') i++;
  }
  return told.length === 0 ? '' : ` -- ${told.join(' ')}`;
}

/** JSON that a person can page through and git can compare: a line for each turn, point or leaf, not for each number. */
function textOf(value, depth = 0) {
  const flat = JSON.stringify(value);
  if (flat.length <= 160 || typeof value !== 'object' || value === null) return flat;
  const indent = ' '.repeat(depth + 1);
  const open = Array.isArray(value);
  const parts = open
    ? value.map((part) => `${indent}${textOf(part, depth + 1)}`)
    : Object.entries(value)
        .filter(([, part]) => part !== undefined)
        .map(([name, part]) => `${indent}${JSON.stringify(name)}: ${textOf(part, depth + 1)}`);
  return `${open ? '[' : '{'}\n${parts.join(',\n')}\n${' '.repeat(depth)}${open ? ']' : '}'}`;
}

/** Writes one file of results; answers its path, from the project's root where it is below it. */
export function writeResults(directory, name, results) {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, `${name}.json`);
  // No path of this machine, whoever said it.
  writeFileSync(file, `${textOf(JSON.parse(JSON.stringify(results).replaceAll(root, '.')))}\n`);
  return file.startsWith(root) ? path.relative(root, file) : file;
}

/** The newest results of each kind in a directory: `{ sides?, growth?, micro? }`. */
export function newestResults(directory) {
  const found = {};
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => NAME.test(name)) : [];
  for (const name of names.sort()) {
    const kind = NAME.exec(name)[2] ?? 'sides';
    found[kind] = { name, ...JSON.parse(readFileSync(path.join(directory, name), 'utf8')) };
  }
  return found;
}
