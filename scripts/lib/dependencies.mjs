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

function fitsThisMachine({ os, cpu }) {
  return (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
}

/**
 * npm writes node_modules/.package-lock.json last, so an interrupted install is never taken for a whole one. Optional
 * packages may rightly be missing; one for another machine tells that the folder was brought here from there.
 */
function areCurrent() {
  const wanted = readJson(inProject('package-lock.json'))?.packages;
  const installed = readJson(inProject('node_modules', '.package-lock.json'))?.packages;
  if (wanted === undefined || installed === undefined) return false;
  const needed = Object.entries(wanted).filter(([where, entry]) => where !== '' && !entry.optional);
  const allThere = needed.every(([where, entry]) => installed[where]?.version === entry.version);
  const others = Object.entries(installed).filter(([where]) => wanted[where]?.version !== installed[where].version);
  return allThere && others.length === 0 && Object.values(installed).every(fitsThisMachine);
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
  const reasons = output.split('\n').filter((line) => /^npm error (?!aliases|Run|--)\S/.test(line));
  say(`setup: npm ci failed:\n${reasons.slice(0, 20).join('\n') || lastLines(output)}`);
  return false;
}
