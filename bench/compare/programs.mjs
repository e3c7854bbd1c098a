/** The programs that are compared, and running one of them to its end. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../scripts/lib/project.mjs';
import { peerCommand } from '../../scripts/peer.mjs';

export const SIDES = ['kafka', 'native', 'ts'];
export const RECORDS_PER_BATCH = 1000;
const MOST_REASON_LETTERS = 90;
const cli = inProject('dist', 'cli', 'main.js');

/** Nothing that was started outlives us. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process to start: the command, its arguments and what it needs in the environment. */
export function seglog(engine, args) {
  return { command: process.execPath, args: [cli, ...args.map(String)], env: { SEGLOG_ENGINE: engine }, needs: cli };
}

/** `{ records: 5 }` as `--records=5`. */
function flagsOf(settings) {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}

/** `seglog bench WORK` with a scratch directory below `directory`. */
export function seglogBench(engine, work, directory, settings) {
  const dir = path.join(directory, 'seglog');
  return seglog(engine, ['bench', work, '--json', ...flagsOf({ dir, ...settings })]);
}

/** PeerLog on one work. */
export function kafkaBench(work, directory, { records, recordBytes, compression, rounds }) {
  const args = [path.join(directory, 'kafka'), records, recordBytes, RECORDS_PER_BATCH, compression, rounds, work];
  return { ...peerCommand('PeerLog', args), env: {}, needs: undefined };
}

/** The line of a program's stderr that tells what is wrong, cut to a table's width. */
export function complaintOf(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((candidate) => /error|seglog:/i.test(candidate)) ?? lines[0] ?? 'no reason given';
  return line.trim().slice(0, MOST_REASON_LETTERS);
}

/**
 * Runs a process. Answers `{ ok: true, lines }` with the JSON lines of its stdout, or `{ ok: false, reason }`. `watch`
 * is told its process id, and what it answers is called at the end.
 */
export function runProgram({ command, args, env, needs }, { keepOutput = true, watch = () => () => {} } = {}) {
  if (needs !== undefined && !existsSync(needs)) return { ok: false, reason: `${path.basename(needs)} is not built` };
  return new Promise((resolve) => {
    const stdio = ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'];
    const child = spawn(command, args, { stdio, env: { ...process.env, ...env } });
    running.add(child);
    const ended = child.pid === undefined ? () => {} : watch(child.pid);
    let out = '';
    let err = '';
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    child.on('error', ({ message }) => resolve({ ok: false, reason: message }));
    child.on('close', (code) => {
      running.delete(child);
      ended();
      if (code !== 0) resolve({ ok: false, reason: complaintOf(err) });
      else
        resolve({
          ok: true,
          lines: out
            .split('\n')
            .filter(Boolean)
            .map((line) => JSON.parse(line)),
        });
    });
  });
}
