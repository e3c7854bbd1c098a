/** The machine that was measured, and what ran on it: figures from different ones do not compare. */
import { execFileSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import os from 'node:os';
import { inProject, root } from '../../scripts/lib/project.mjs';
import { javaVersion } from '../../scripts/peer.mjs';

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
};

/** A load of so much of the cores is what a shell and an editor make. */
const QUIET_SHARE = 0.4;

function fileSystemOf(directory) {
  const { type } = statfsSync(directory);
  return FILE_SYSTEMS[type >>> 0] ?? `type 0x${(type >>> 0).toString(16)}`;
}

/** What a program says on one line, or undefined where it is missing. */
function sayOf(command, args) {
  try {
    return execFileSync(command, args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

function governorOf() {
  try {
    return readFileSync('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor', 'utf8').trim();
  } catch {
    return 'not told';
  }
}

/** What is worth knowing about this machine and the directory that the logs are in. */
export function describeMachine(directory) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    governor: governorOf(),
    fileSystem: fileSystemOf(directory),
    node: process.version,
    java: javaVersion() ?? 'none',
    load: os.loadavg().map((average) => Number(average.toFixed(2))),
  };
}

/** What to say when the machine has other work to do, whose share of it no ratio can take out; undefined when it is quiet. */
export function busyText({ load, cores }) {
  const [lately] = load;
  if (lately < cores * QUIET_SHARE) return undefined;
  return `this machine has other work (load ${lately} on ${cores} cores): figures to look at, not to quote`;
}

/** A machine in one line. */
export function machineLine({ cpu, cores, memoryGib, system, fileSystem, node, java }) {
  return `${cpu}, ${cores} cores, ${memoryGib} GiB; ${system}, ${fileSystem}; Node ${node}, ${java}`;
}

function peerVersions() {
  const { dependencies } = JSON.parse(readFileSync(inProject('bench', 'peers', 'package.json'), 'utf8'));
  const cargo = readFileSync(inProject('bench', 'peers', 'rust', 'Cargo.toml'), 'utf8');
  return { ...dependencies, commitlog: /commitlog = "=([\d.]+)"/.exec(cargo)?.[1] };
}

/** Which versions of what were compared, and of which commit of ours: `+` behind it where files were changed since. */
export function describeVersions() {
  const { version } = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));
  const changed = sayOf('git', ['status', '--porcelain', '--untracked-files=no']);
  const commit = sayOf('git', ['rev-parse', '--short=12', 'HEAD']);
  return {
    commit: commit === undefined ? 'unknown' : `${commit}${changed === '' ? '' : '+'}`,
    seglog: version,
    kafka: '4.3.1',
    rustc: sayOf('rustc', ['--version']) ?? 'none',
    ...peerVersions(),
  };
}
