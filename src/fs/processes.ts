/** Whether a process still runs, and whether it is the same one: numbers of processes are used again, start times are not. */
import { execFileSync } from 'node:child_process';
import * as nodeFs from 'node:fs';

/** What a lock file asks about processes. */
export interface Processes {
  /** The number of this process. */
  readonly own: number;
  /** When the process started, in words that differ for each user of a number; '' when unknown, undefined when none runs. */
  startOf(pid: number): string | undefined;
}

/** The machine's processes. */
export function systemProcesses(platform: NodeJS.Platform = process.platform): Processes {
  return { own: process.pid, startOf: (pid) => (isRunning(pid) ? started(pid, platform) : undefined) };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, for another user.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function started(pid: number, platform: NodeJS.Platform): string {
  if (platform === 'win32') return '';
  try {
    // The 22nd field of proc_pid_stat(5); the second is a name in parentheses that may hold anything.
    if (platform === 'linux') {
      return (
        nodeFs
          .readFileSync(`/proc/${pid}/stat`, 'latin1')
          .replace(/^.*\) /s, '')
          .split(' ')[19] ?? ''
      );
    }
    const env = { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' };
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env }).trim();
  } catch {
    return '';
  }
}
