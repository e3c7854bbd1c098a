/** Runs the built command line as a user does: a process of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A started process, killed when the test ends if it has not ended by then. */
export interface Running {
  child: ChildProcessWithoutNullStreams;
  stdout(): string;
  stderr(): string;
  /** Resolves once stdout has so many lines. */
  lines(count: number): Promise<string[]>;
  finished: Promise<Finished>;
}

export function startCli(args: readonly string[], env: Record<string, string> = {}): Running {
  const child = spawn(process.execPath, [MAIN, ...args], { env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  // A process that ends before it has read everything is what some tests are about.
  child.stdin.on('error', () => undefined);
  const finished = new Promise<Finished>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  onTestFinished(() => void child.kill('SIGKILL'));
  const whole = (): string[] => stdout.split('\n').slice(0, -1);
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    async lines(count) {
      while (whole().length < count) {
        if (child.exitCode !== null)
          throw new Error(`ended with ${child.exitCode} after ${whole().length} lines: ${stderr}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return whole();
    },
    finished,
  };
}

/** Runs to the end, with `input` as stdin. */
export function runCli(
  args: readonly string[],
  input: string | Uint8Array = '',
  env: Record<string, string> = {},
): Promise<Finished> {
  const running = startCli(args, env);
  running.child.stdin.end(input);
  return running.finished;
}

/** The JSON objects that a run printed. */
export function objects({ stdout }: Finished): Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
