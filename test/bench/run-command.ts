/** Runs a command of the program in this process. */
import { Command } from 'commander';
import { vi } from 'vitest';

/** What a command wrote. */
export interface Written {
  readonly out: string;
  readonly err: string;
}

/** Gathers what is written to a stream until `restore`. */
function capture(stream: NodeJS.WriteStream): { text: () => string; restore: () => void } {
  let text = '';
  const write = (piece: string | Uint8Array, done?: unknown): boolean => {
    text += String(piece);
    if (typeof done === 'function') (done as () => void)();
    return true;
  };
  const spy = vi.spyOn(stream, 'write').mockImplementation(write);
  return { text: () => text, restore: () => spy.mockRestore() };
}

/** What it wrote. Errors are thrown as they are, commander's as its own. */
export async function runCommand(register: (program: Command) => void, ...args: string[]): Promise<Written> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  register(program);
  const out = capture(process.stdout);
  const err = capture(process.stderr);
  try {
    await program.parseAsync(args, { from: 'user' });
    return { out: out.text(), err: err.text() };
  } finally {
    out.restore();
    err.restore();
  }
}
