/**
 * `npm run lock [-- FOLDER]`: writes package-lock.json (the project's, or bench/peers') anew where it must change, and
 * completes it. A registry that lacks the packages for some platforms makes npm leave them out, after which `npm ci` refuses
 * the lock file (it misses them), and those platforms would go without their binaries. Each such package is optional and
 * pinned exactly by the package that asks for it, so its entry follows from there; only its checksum has to come from a
 * fuller registry.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inProject, say } from './lib/project.mjs';
import { npm } from './lib/run.mjs';

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];
const LIBCS = { gnu: 'glibc', gnueabihf: 'glibc', musl: 'musl', musleabihf: 'musl' };
/** The one such package whose name tells no platform. */
const NAMELESS = { fsevents: { os: ['darwin'] } };

/** What machine a package is for, read from its name: os, cpu and libc as npm spells them. */
function platformOf(name) {
  if (NAMELESS[name] !== undefined) return NAMELESS[name];
  const parts = name.split('/').at(-1).split('-');
  const system = parts.filter((part) => SYSTEMS.includes(part));
  const processor = parts.filter((part) => PROCESSORS.includes(part));
  const libc = parts.map((part) => LIBCS[part]).filter((part) => part !== undefined);
  const isLinux = system.includes('linux');
  if (system.length + processor.length === 0) return undefined;
  return {
    ...(processor.length > 0 && { cpu: processor }),
    ...(system.length > 0 && { os: system }),
    ...(isLinux && libc.length > 0 && { libc }),
  };
}

function isLocked(packages, from, name) {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('/node_modules/')))) {
    if (packages[`${at === '' ? '' : `${at}/`}node_modules/${name}`] !== undefined) return true;
    if (at === '') return false;
  }
}

/** Entries for the optional packages that others in the lock file ask for and that it lacks. */
function missingEntries(packages) {
  const found = {};
  for (const [from, entry] of Object.entries(packages)) {
    for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isLocked(packages, from, name)) continue;
      const platform = platformOf(name);
      const exact = /^\d+\.\d+\.\d+[-+.\w]*$/.test(version);
      if (platform === undefined || !exact) throw new Error(`${from} asks for ${name}@${version}: not to be guessed`);
      found[`node_modules/${name}`] = { version, ...platform, ...(entry.dev && { dev: true }), optional: true };
    }
  }
  return found;
}

const folder = inProject(...process.argv.slice(2, 3));
const { code, output } = await npm(['install', '--package-lock-only', '--loglevel=error'], { cwd: folder });
if (code !== 0) throw new Error(output);
const file = path.join(folder, 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = missingEntries(lock.packages);
const sorted = Object.entries({ ...lock.packages, ...missing }).sort(([a], [b]) => a.localeCompare(b, 'en'));
writeFileSync(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`);
say(`package-lock.json: ${Object.keys(missing).length} packages for other platforms added`);
