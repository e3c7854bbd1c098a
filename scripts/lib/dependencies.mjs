/** Are the installed packages those that package-lock.json names? Answered from npm's own record, without the network. */
import { readFileSync } from 'node:fs';
import { inProject, say, since } from './project.mjs';
import { lastLines, npm } from './run.mjs';

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isGlibc() {
  return process.report.getReport().header.glibcVersionRuntime !== undefined;
}

/** Optional packages that this machine needs are those made for it; others may rightly be missing. */
function isForThisMachine({ optional, devOptional, os, cpu, libc }) {
  if (!optional && !devOptional) return true;
  if (os === undefined && cpu === undefined) return false;
  const libcFits = libc === undefined || libc.includes(isGlibc() ? 'glibc' : 'musl');
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true) && libcFits;
}

/** npm writes node_modules/.package-lock.json last, so an interrupted install is never taken for a whole one. */
function areCurrent() {
  const wanted = readJson(inProject('package-lock.json'))?.packages;
  const installed = readJson(inProject('node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted)
    .filter(([where, entry]) => where !== '' && isForThisMachine(entry))
    .every(([where, entry]) => installed[where]?.version === entry.version);
}

/** Installs what package-lock.json names, unless it is there already. */
export async function installDependencies() {
  if (areCurrent()) return true;
  const start = performance.now();
  say('setup: installing packages (npm ci) ...');
  const { code, output } = await npm(['ci', '--no-progress', '--loglevel=error']);
  if (code === 0) {
    say(`setup: packages installed in ${since(start)}`);
    return true;
  }
  say(`setup: npm ci failed:\n${lastLines(output)}`);
  return false;
}
