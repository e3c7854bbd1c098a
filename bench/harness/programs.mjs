/** The programs that are compared: how each is started, and running one of them to its end. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { inProject, root } from '../../scripts/lib/project.mjs';
import { peerCommand } from '../../scripts/peer.mjs';

const MOST_REASON_LETTERS = 120;
const cli = inProject('dist', 'cli', 'main.js');
const RUST = inProject('bench', 'peers', 'rust', 'target', 'release');

/** Nothing that was started outlives us. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Keeps a process among those that end with us, until it has ended itself. */
export function endsWithUs(child) {
  running.add(child);
  child.once('close', () => running.delete(child));
}

/** A process to start: the command, its arguments and what it needs in the environment. */
export function seglog(engine, args) {
  return { command: process.execPath, args: [cli, ...args.map(String)], env: { SEGLOG_ENGINE: engine }, needs: cli };
}

/** A script of bench/ in a Node of its own; `engine` where it runs seglog. */
export function script(file, args, engine) {
  const env = engine === undefined ? {} : { SEGLOG_ENGINE: engine };
  const needs = engine === undefined ? undefined : inProject('dist', 'index.js');
  return { command: process.execPath, args: [inProject('bench', file), ...args.map(String)], env, needs };
}

/** `{ records: 5 }` as `--records=5`; what is undefined is left out. */
function flagsOf(settings) {
  return Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

/** `seglog bench WORK` with a scratch directory below `directory`. */
export function seglogBench(engine, work, directory, settings) {
  const dir = path.join(directory, 'seglog');
  return seglog(engine, ['bench', work, '--json', ...flagsOf({ dir, ...settings })]);
}

/** A program of bench/peer; `text` is how somebody else would start it, with jars and classes fetched and compiled. */
export function kafka(program, args) {
  const text = ['node scripts/peer.mjs', program, ...args].join(' ');
  return { ...peerCommand(program, args), env: {}, needs: undefined, text };
}

/** A program of bench/peers/rust. */
export function rust(program, args) {
  const command = path.join(RUST, program);
  return { command, args: args.map(String), env: {}, needs: command };
}

/** The command line as somebody else would type it: our own folders by what they are, and `DIR` for the scratch one. */
export function commandText({ command, args, env, text: said }, directory) {
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const text = said ?? [...settings, command === process.execPath ? 'node' : command, ...args].join(' ');
  return text.replaceAll(directory, 'DIR').replaceAll(`${root}${path.sep}`, '').replaceAll(root, '.');
}

/** The line of a program's stderr that tells what is wrong, cut to a table's width. */
export function complaintOf(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const line = lines.find((candidate) => /error|seglog:/i.test(candidate)) ?? lines[0] ?? 'no reason given';
  return line.replaceAll(root, '.').trim().slice(0, MOST_REASON_LETTERS);
}

function parseLines(text) {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/**
 * Runs a process. Answers `{ ok: true, lines }` with the JSON lines of its stdout, or `{ ok: false, reason }`. `watch` is told
 * its process id, and what it answers is called at the end.
 */
export function runProgram({ command, args, env, needs }, { keepOutput = true, watch = () => () => {} } = {}) {
  if (needs !== undefined && !existsSync(needs)) return { ok: false, reason: `${path.basename(needs)} is not built` };
  return new Promise((resolve) => {
    const stdio = ['ignore', keepOutput ? 'pipe' : 'ignore', 'pipe'];
    const child = spawn(command, args, { stdio, env: { ...process.env, ...env } });
    endsWithUs(child);
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
      ended();
      if (code !== 0) resolve({ ok: false, reason: complaintOf(err) });
      else {
        try {
          resolve({ ok: true, lines: parseLines(out) });
        } catch {
          resolve({ ok: false, reason: `printed what is no JSON: ${complaintOf(out)}` });
        }
      }
    });
  });
}
