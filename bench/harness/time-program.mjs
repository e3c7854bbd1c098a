/** Runs one process and takes its time and its memory. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { complaintOf, endsWithUs } from './programs.mjs';

const SAMPLE_EVERY_MS = 20;

/** Follows the peak of a process's resident memory (VmHWM, in MB of 10^6 bytes), as far as Linux tells. */
function followPeak(pid) {
  const peak = { megabytes: undefined };
  const look = () => {
    try {
      const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      if (kibibytes !== undefined) peak.megabytes = (Number(kibibytes) * 1024) / 1e6;
    } catch {
      // It has ended, or this is not Linux.
    }
  };
  const timer = setInterval(look, SAMPLE_EVERY_MS);
  return { peak, look, end: () => clearInterval(timer) };
}

/**
 * Runs a program to its end, or to its first byte of output (`first`). Its output goes to `sink`: the null device, or a
 * file that is removed. Answers `{ seconds, megabytes }`, or `{ reason }`.
 */
export function timeProgram({ command, args, env, needs }, { first, sink }) {
  if (needs !== undefined && !existsSync(needs)) return { reason: `${path.basename(needs)} is not built` };
  return new Promise((resolve) => {
    const out = first ? 'pipe' : sink === undefined ? 'ignore' : openSync(sink, 'w');
    const start = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', out, 'pipe'], env: { ...process.env, ...env } });
    endsWithUs(child);
    const memory = followPeak(child.pid);
    let seconds;
    let err = '';
    const stop = () => {
      seconds ??= (performance.now() - start) / 1000;
    };
    child.stdout?.once('data', () => {
      stop();
      memory.look();
      child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    child.on('error', ({ message }) => resolve({ reason: message }));
    child.on('exit', stop);
    child.on('close', (code) => {
      memory.end();
      if (typeof out === 'number') {
        closeSync(out);
        rmSync(sink);
      }
      if (code !== 0 && !(first && code === null)) resolve({ reason: complaintOf(err) });
      else resolve({ seconds, megabytes: memory.peak.megabytes });
    });
  });
}
