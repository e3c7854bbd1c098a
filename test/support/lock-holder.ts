/** Other processes that hold the lock of a log directory. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';

const built = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;

/** In a process or thread of its own: takes the lock, says how that went, and holds on until the input ends. */
export const HOLDER_PROGRAM = `
  const { defaultEngine } = await import('${built('engine/select.js')}');
  const { nodeFileSystem } = await import('${built('fs/node-fs.js')}');
  async function take(directory) {
    try {
      const lock = await defaultEngine().lockDirectory(nodeFileSystem, directory);
      return { answer: 'held', lock };
    } catch (error) {
      return { answer: error.code + ' ' + error.message };
    }
  }
`;

const PROCESS = `${HOLDER_PROGRAM}
  const { answer, lock } = await take(process.argv[1]);
  process.stdout.write(answer + '\\n');
  if (lock !== undefined) {
    process.stdin.resume();
    await new Promise((resolve) => process.stdin.on('end', resolve));
    await lock.release();
  }
`;

/** The first line that the process prints; it is killed when the test ends. */
export async function firstLine(child: ChildProcess): Promise<string> {
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  for await (const piece of child.stdout ?? []) {
    text += String(piece);
    if (text.includes('\n')) break;
  }
  return text.split('\n', 1)[0] as string;
}

export interface Holder {
  readonly child: ChildProcess;
  readonly answer: string;
}

/** Another Node.js with seglog, on the given engine. */
export async function nodeHolder(directory: string, engine: 'native' | 'ts'): Promise<Holder> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROCESS, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, SEGLOG_ENGINE: engine },
  });
  return { child, answer: await firstLine(child) };
}

/** Lets a holder release and end by itself. */
export async function letGo({ child }: Holder): Promise<void> {
  const gone = once(child, 'exit');
  child.stdin?.end();
  await gone;
}

/** kill -9. */
export async function killHolder({ child }: Holder): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
