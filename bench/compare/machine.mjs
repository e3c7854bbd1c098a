/** The machine that was measured: figures from different ones do not compare. */
import { statfsSync } from 'node:fs';
import os from 'node:os';
import { javaVersion } from '../../scripts/peer.mjs';

/** Magic numbers of statfs(2). */
const FILE_SYSTEMS = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlayfs',
};

function fileSystemOf(directory) {
  const { type } = statfsSync(directory);
  return FILE_SYSTEMS[type >>> 0] ?? `type 0x${(type >>> 0).toString(16)}`;
}

/** What is worth knowing about this machine and the directory that the logs are in. */
export function describeMachine(directory) {
  const cpus = os.cpus();
  return {
    cpu: cpus[0]?.model.trim() ?? 'unknown',
    cores: cpus.length,
    memoryGib: Math.round(os.totalmem() / 2 ** 30),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    fileSystem: fileSystemOf(directory),
    node: process.version,
    java: javaVersion() ?? 'none',
    load: os.loadavg().map((average) => Number(average.toFixed(2))),
    date: new Date().toISOString(),
  };
}

/** The same in one line. */
export function machineLine({ cpu, cores, memoryGib, system, fileSystem, node, java }) {
  return `${cpu}, ${cores} cores, ${memoryGib} GiB; ${system}, ${fileSystem}; Node ${node}, ${java}`;
}
