/** A real terminal: tmux, with a server of its own, so that nothing of the user's is met. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';

/** Busy machines are slow; what never comes fails all the same. */
const PATIENCE_MS = 60_000;

/** Why there is no tmux; undefined when there is one. */
export function whyNoTmux(): string | undefined {
  const tried = spawnSync('tmux', ['-V']);
  return tried.status === 0 ? undefined : 'tmux cannot be started';
}

/** One window with a shell in it. */
export class Terminal {
  readonly #socket: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(columns = 100, lines = 30, env: Record<string, string> = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'seglog-tmux-'));
    this.#socket = join(directory, 'socket');
    this.#env = { ...process.env, LC_ALL: 'C.UTF-8', ENV: '', NO_COLOR: '', ...env };
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(lines), 'exec sh');
    onTestFinished(() => {
      spawnSync('tmux', ['-S', this.#socket, 'kill-server']);
      rmSync(directory, { recursive: true, force: true });
    });
  }

  /** What is shown, line by line. */
  screen(): string {
    return this.#tmux('capture-pane', '-p');
  }

  /** What tmux knows of the window: `alternate_on`, `cursor_flag`, ... */
  ask(name: string): string {
    return this.#tmux('display-message', '-p', `#{${name}}`).trim();
  }

  /** Presses keys, by tmux' names. */
  keys(...names: string[]): void {
    this.#tmux('send-keys', ...names);
  }

  /** Types text as it is. */
  type(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  /** Pastes as people do, between the marks for it where the program asked for these. */
  paste(text: string): void {
    this.#tmux('set-buffer', '--', text);
    this.#tmux('paste-buffer', '-p');
  }

  resize(columns: number, lines: number): void {
    this.#tmux('resize-window', '-x', String(columns), '-y', String(lines));
  }

  /** Takes the terminal away, as closing its window does. */
  close(): void {
    this.#tmux('kill-server');
  }

  /** The screen, once it shows the text or pattern. */
  async shows(what: string | RegExp): Promise<string> {
    return this.until((screen) => (typeof what === 'string' ? screen.includes(what) : what.test(screen)), String(what));
  }

  /** The screen, once `holds`. */
  async until(holds: (screen: string) => boolean, what: string): Promise<string> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const screen = this.screen();
      if (holds(screen)) {
        expect(screen).toSatisfy(holds);
        return screen;
      }
      if (Date.now() > deadline) expect.fail(`the terminal never showed ${what}:\n${screen}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-S', this.#socket, ...args], { env: this.#env, encoding: 'utf8' });
  }
}
