/** Where things are, and how the scripts speak. Only Node's own modules: these run before anything is installed. */
import { fileURLToPath } from 'node:url';
import path from 'node:path';

export const root = path.resolve(fileURLToPath(new URL('../..', import.meta.url)));

/** A path inside the project. */
export function inProject(...parts) {
  return path.join(root, ...parts);
}

/** One line of progress, on stderr: stdout belongs to whatever runs next. */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

/** "3.2 s" since `startMs`. */
export function since(startMs) {
  return `${((performance.now() - startMs) / 1000).toFixed(1)} s`;
}

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  say(`seglog needs Node 20.19 or newer; this is ${process.version}.`);
  process.exit(2);
}
