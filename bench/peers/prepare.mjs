/**
 * Makes the peers ready: those from npm in bench/peers/node_modules (no dependency of the project), those in Rust in
 * bench/peers/rust/target. What cannot be had is told with its reason, and does not stop the others.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { whyNotNative } from '../../scripts/lib/engines.mjs';
import { hashOf } from '../../scripts/lib/hash.mjs';
import { inProject, say } from '../../scripts/lib/project.mjs';
import { npm, run } from '../../scripts/lib/run.mjs';
import { preparePeer } from '../../scripts/peer.mjs';
import { complaintOf } from '../harness/programs.mjs';
import { SIDES } from './sides.mjs';

const home = inProject('bench', 'peers');
const stamp = path.join(home, 'node_modules', '.stamp');
const PACKAGES = { lmdb: 'lmdb', sqlite: 'better-sqlite3', level: 'classic-level' };

/**
 * npm's peers. No install script runs at first, so that one which does not compile keeps nobody else away; then the one that
 * ships no binary is built.
 */
async function installPackages() {
  const locked = hashOf([path.join(home, 'package.json'), path.join(home, 'package-lock.json')]);
  // What is compiled is for one version of Node's interface alone.
  const wanted = `${locked} ${process.versions.modules}`;
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return undefined;
  say(
    'bench: installing lmdb, classic-level and better-sqlite3 to bench/peers (the last one is compiled: a minute or two) ...',
  );
  const installed = await npm(['ci', '--ignore-scripts'], { cwd: home });
  if (installed.code !== 0) return complaintOf(installed.output);
  // Said aloud: `npm run` hands the project's own `ignore-scripts` on to the npm that it starts.
  const built = await npm(['rebuild', '--ignore-scripts=false', 'better-sqlite3'], { cwd: home });
  // Said again by whether it loads; without a stamp the next run tries once more.
  if (built.code === 0) writeFileSync(stamp, wanted);
  return undefined;
}

/** Why a package does not load in a process of its own; undefined when it does. */
async function whyNotLoaded(name) {
  const code = `import(${JSON.stringify(name)}).then(async (m) => { if (m.default?.prototype?.pragma) new m.default(':memory:').close(); })
    .catch((error) => { console.error('error: ' + error.message); process.exitCode = 1; });`;
  const { code: exit, output } = await run(process.execPath, ['--input-type=module', '-e', code], { cwd: home });
  return exit === 0 ? undefined : complaintOf(output);
}

async function packagesMissing(wanted) {
  const notInstalled = await installPackages();
  const missing = {};
  for (const side of wanted) {
    missing[side] = PACKAGES[side] === undefined ? undefined : (notInstalled ?? (await whyNotLoaded(PACKAGES[side])));
  }
  return missing;
}

async function whyNoRust() {
  const { code, output } = await run('cargo', ['build', '--release', '--locked'], { cwd: path.join(home, 'rust') });
  return code === 0 ? undefined : complaintOf(output);
}

/** Why each of these sides cannot run; undefined for one that can. */
export async function prepareSides(names) {
  const ofKind = (...kinds) => names.filter((name) => kinds.includes(SIDES[name].kind));
  const missing = Object.fromEntries(names.map((name) => [name, undefined]));
  if (ofKind('kafka').length > 0) {
    const peer = await preparePeer();
    if (!peer.ok) missing.kafka = peer.reason;
  }
  if (ofKind('native').length > 0) {
    const reason = await whyNotNative();
    if (reason !== undefined) for (const name of ofKind('native')) missing[name] = complaintOf(reason);
  }
  const packaged = ofKind('node').filter((name) => PACKAGES[name] !== undefined);
  if (packaged.length > 0) Object.assign(missing, await packagesMissing(packaged));
  const compiled = ofKind('rust', 'limit');
  if (compiled.length > 0) {
    const reason = await whyNoRust();
    for (const name of compiled) missing[name] = reason;
  }
  return missing;
}
