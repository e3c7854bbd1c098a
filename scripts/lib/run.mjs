/** Starting other programs. */
import { spawn, spawnSync } from 'node:child_process';
import { root } from './project.mjs';

/** npm as a command and its first arguments. npm tells its scripts where it lives, which spares a shell on Windows. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  if (cli?.endsWith('npm-cli.js')) return { command: process.execPath, first: [cli], shell: false };
  return { command: 'npm', first: [], shell: process.platform === 'win32' };
}

/**
 * Runs a program to its end. `show` passes its output through as it comes; it is returned either way, as `output` (all of
 * it) and `stdout`. One that takes longer than `timeoutMs` (0: never) is killed with all that it started, and `isLate` then. Never
 * throws: a program that cannot start has `code` 127 and the reason as its output.
 *
 * @returns {Promise<{ code: number, output: string, stdout: string, isLate: boolean }>}
 */
export function run(
  command,
  args,
  { cwd = root, env = {}, input = '', show = false, shell = false, timeoutMs = 0 } = {},
) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      shell,
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: timeoutMs > 0 && HAS_GROUPS,
    });
    const late = timeoutMs > 0 ? limit(child, timeoutMs) : undefined;
    const output = [];
    const stdout = [];
    child.stdin.on('error', () => {}); // It may end without reading.
    child.stdin.end(input);
    child.stdout.on('data', (chunk) => {
      output.push(chunk);
      stdout.push(chunk);
      if (show) process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk) => {
      output.push(chunk);
      if (show) process.stderr.write(chunk);
    });
    const text = (chunks) => Buffer.concat(chunks).toString('utf8');
    const ended = (result) => {
      late?.clear();
      resolve({ ...result, isLate: late?.isOver() ?? false });
    };
    child.on('error', (error) => ended({ code: 127, output: `${text(output)}${error.message}\n`, stdout: '' }));
    child.on('close', (code) => ended({ code: code ?? 128, output: text(output), stdout: text(stdout) }));
  });
}

/** Processes that are started by one are in its group, and end with it. */
const HAS_GROUPS = process.platform !== 'win32';

/** Kills a program that leads a group of its own, group and all, when its time is over; or when ours is: Ctrl-C does not reach it. */
function limit(child, timeoutMs) {
  let isOver = false;
  const kill = () => {
    try {
      if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      else child.kill('SIGKILL');
    } catch {
      // It has just ended by itself.
    }
  };
  const timer = setTimeout(() => {
    isOver = true;
    kill();
  }, timeoutMs);
  const interrupted = () => {
    kill();
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  const clear = () => {
    clearTimeout(timer);
    process.off('SIGINT', interrupted);
  };
  return { clear, isOver: () => isOver };
}

/** Runs npm to its end, as {@link run} does. */
export function npm(args, options = {}) {
  const { command, first, shell } = npmCommand();
  return run(command, [...first, ...args], { ...options, shell });
}

/** Runs the entry file of an installed tool with this Node: no shell, no .cmd files. */
export function tool(entry, args, options = {}) {
  return run(process.execPath, [entry, ...args], options);
}

/** What `cargo --version` says, or undefined where there is no cargo. */
export function cargoVersion() {
  const { status, stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8', cwd: root });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * Hands the terminal to a program and ends as it ends. Ctrl-C reaches the program by itself (same process group); we
 * only have to outlive it, so that its exit code is ours.
 */
export function handOver(command, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
    const ignore = () => {};
    const pass = (signal) => child.kill(signal);
    process.on('SIGINT', ignore);
    process.on('SIGTERM', pass);
    child.on('error', (error) => {
      process.stderr.write(`${command}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      process.off('SIGTERM', pass);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 143));
    });
  });
}

/** The last lines of a program's output: where the reason for a failure stands. */
export function lastLines(output, count = 15) {
  return output.trimEnd().split('\n').slice(-count).join('\n');
}
