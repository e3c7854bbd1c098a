/** `seglog browse` in a real terminal: keys, pastes, sizes, signals, and a log that changes underneath. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Log } from '../../src/log/log.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratch, scratchPartition } from '../support/temp.ts';
import { runCli } from './run-cli.ts';
import { Terminal, whyNoTmux } from './tmux.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
const PLAIN = join(FIXTURES, 'clean/f-none-0');

/** A browser in a terminal, and the process that it is. */
interface Browsing {
  readonly terminal: Terminal;
  readonly pid: () => number;
}

/** How it is started. */
interface Starting {
  readonly columns?: number;
  readonly lines?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What the first screen shows. */
  readonly first?: RegExp;
}

async function browse(
  directory: string,
  { columns = 100, lines = 30, args = [], env = {}, first = /offset +time/ }: Starting = {},
): Promise<Browsing> {
  const terminal = new Terminal(columns, lines, env);
  const pidFile = join(scratch(), 'pid');
  await terminal.shows(/[#$>]/);
  // A blank screen would hide that the old one comes back.
  const command = `exec '${process.execPath}' '${MAIN}' browse ${args.join(' ')} '${directory}'`;
  writeFileSync(`${pidFile}.sh`, `echo $$ > '${pidFile}'\n${command}\n`);
  terminal.type(`echo before; sh '${pidFile}.sh'; echo "code $?"`);
  terminal.keys('Enter');
  await terminal.shows(first);
  return { terminal, pid: () => Number(readFileSync(pidFile, 'utf8')) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The shell is back, with the screen and the modes that it had. */
async function expectRestored(terminal: Terminal, code: number): Promise<void> {
  const screen = await terminal.shows(new RegExp(`^code ${code}$`, 'm'));
  expect(screen).toMatch(/^before$/m);
  expect(['alternate_on', 'cursor_flag', 'wrap_flag'].map((name) => terminal.ask(name))).toEqual(['0', '1', '1']);
  terminal.type('stty -a');
  terminal.keys('Enter');
  expect(await terminal.shows(/isig.*icanon/s)).not.toMatch(/-icanon|-echo\b|-isig/);
  terminal.paste('echo pas""ted');
  terminal.keys('Enter');
  expect(await terminal.shows(/^pasted$/m)).not.toContain('200~');
}

const none = whyNoTmux();
if (none !== undefined && process.env['CI'] === 'true') throw new Error(none);
if (none !== undefined) console.warn(`SKIPPED: seglog browse in a terminal: ${none}`);

describe.skipIf(none !== undefined)('browse', () => {
  test('shows batches, opens one, goes into its record, and back', async () => {
    const { terminal } = await browse(PLAIN);
    await terminal.shows(/▸ 0\.\.\d+/);
    terminal.keys('Enter');
    await terminal.shows(/▾ 0\.\.\d+/);
    terminal.keys('Down');
    await terminal.shows(/offset 0 +CreateTime/);
    terminal.keys('x');
    await terminal.shows(/\[hex\][\s\S]*00000000 /);
    terminal.keys('Left');
    await terminal.shows(/▸ 0\.\.\d+/);
    terminal.keys('?');
    await terminal.shows('Any key closes this page');
    terminal.keys('q');
    await terminal.shows(/▸ 0\.\.\d+/);
    terminal.keys('q');
    await expectRestored(terminal, 0);
  });

  test('goes to offsets and times, and to both ends', async () => {
    const { terminal } = await browse(PLAIN);
    terminal.keys('o');
    await terminal.shows('offset:');
    terminal.type('2000');
    terminal.keys('Enter');
    const screen = await terminal.shows(/offset 2000 +CreateTime [^(]*\((\d+)\)/);
    const time = /offset 2000 +CreateTime [^(]*\((\d+)\)/.exec(screen)?.[1] ?? '';
    terminal.keys('G');
    await terminal.shows(/the log ends at offset \d+/);
    terminal.keys('t');
    terminal.type(time);
    terminal.keys('Enter');
    await terminal.shows(new RegExp(`offset \\d+ +CreateTime [^(]*\\(${time}\\)`));
    terminal.keys('o');
    terminal.type('nonsense');
    terminal.keys('Enter');
    await terminal.shows('expected a whole number');
    terminal.keys('Escape');
    // A key right behind an Esc would be one with Alt.
    await terminal.shows('? help');
    terminal.keys('g');
    await terminal.shows(/▸ 0\.\.\d+/);
  });

  test('starts at an offset or a time', async () => {
    const { terminal } = await browse(PLAIN, { args: ['--offset', '1234'] });
    await terminal.shows(/offset 1234 +CreateTime/);
    const late = await browse(PLAIN, { args: ['--time', '2100-01-01'] });
    await late.terminal.shows('no record is that late');
  });

  test('searches, tells when there is nothing, and goes on', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    for (let n = 0; n < 300; n++) await log.append({ key: `k${n}`, value: n % 100 === 50 ? 'a needle' : `hay ${n}` });
    await log.close();
    const { terminal } = await browse(directory);
    terminal.keys('/');
    terminal.type('needle');
    terminal.keys('Enter');
    await terminal.shows(/offset 50 +CreateTime/);
    terminal.keys('n');
    await terminal.shows(/offset 150 +CreateTime/);
    terminal.keys('N');
    await terminal.shows(/offset 50 +CreateTime/);
    terminal.keys('/');
    terminal.type('not there');
    terminal.keys('Enter');
    await terminal.shows(/not found; searched offsets 50 to 299: 250 batches/);
  });

  test('takes a paste as text for a prompt and never as commands', async () => {
    const { terminal } = await browse(PLAIN);
    terminal.paste('qG?');
    terminal.keys('/');
    await terminal.shows('search:');
    terminal.paste('漢字 q\nx');
    await terminal.shows('search: 漢字 q\\nx');
    terminal.keys('Escape');
    await terminal.shows('? help');
    terminal.keys('q');
    await expectRestored(terminal, 0);
  });

  test('follows the size of the terminal, down to nothing and back', async () => {
    const { terminal } = await browse(PLAIN);
    for (const [columns, lines] of [
      [60, 12],
      [200, 50],
      [19, 7],
      [100, 30],
    ] as const) {
      terminal.resize(columns, lines);
      await terminal.until((screen) => {
        if (columns === 19) return screen.includes('too small');
        const rows = screen.split('\n');
        return (rows[lines - 1] ?? '').includes('? help') && /f-none-0/.test(rows[0] ?? '');
      }, `${columns} columns and ${lines} lines`);
    }
    expect(
      terminal
        .screen()
        .split('\n')
        .filter((line) => line.includes('▸')).length,
    ).toBeGreaterThan(10);
  });

  test('shows hostile keys and values as text', async () => {
    const directory = scratchPartition();
    const hostile = '\x1b[2J\x1b]0;title\x07\u202egnirts\u2066 \u009b31m\r\n\x08漢字 👩‍👩‍👧 e\u0301';
    const log = await Log.open(directory);
    await log.append([
      { key: hostile, value: hostile },
      { key: '\x1bc', value: '\x1b[?1049l\x1b[?25hdone' },
    ]);
    await log.close();
    const { terminal } = await browse(directory);
    terminal.keys('e', 'Down');
    const screen = await terminal.shows(/\\x1b\[2J\\x1b\]0;title\\x07\\u202egnirts\\u2066 \\x9b31m/);
    expect(screen).toContain('漢字');
    expect(terminal.ask('pane_title')).not.toBe('title');
    terminal.keys('Down');
    await terminal.shows('\\x1b[?1049l\\x1b[?25hdone');
    expect(terminal.ask('alternate_on')).toBe('1');
    terminal.keys('q');
    await expectRestored(terminal, 0);
  });

  test('is plain ASCII where the terminal has no UTF-8', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append({ key: 'é', value: '漢' });
    await log.close();
    const { terminal } = await browse(directory, { env: { LC_ALL: 'C' } });
    terminal.keys('e', 'Down');
    const screen = await terminal.shows('\\u00e9');
    expect(screen).toContain('v 0..0');
    expect(screen).toMatch(/^[\x20-\x7e\n]*$/);
  });

  test('shows a log that grows underneath, and stays with its end where it is followed', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    await log.append({ value: 'first' });
    const { terminal } = await browse(directory);
    await terminal.shows('the log ends at offset 1');
    const appended = await runCli(['read', directory, '--limit', '1']);
    expect(appended.code).toBe(0);
    await log.append({ value: 'second' });
    await terminal.shows('the log ends at offset 2');
    await terminal.shows('offsets 0 to 2');
    terminal.keys('f');
    await terminal.shows('FOLLOWING');
    for (let n = 0; n < 100; n++) await log.append({ value: `more ${n}` });
    await terminal.shows(/the log ends at offset 102/);
    await log.close();
  });

  test('goes on where segments are deleted underneath', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory, { segmentBytes: 4000 });
    for (let n = 0; n < 40; n++) await log.append({ value: 'v'.repeat(500) });
    await log.close();
    const { terminal } = await browse(directory);
    await terminal.shows(/▸ 0\.\.0/);
    rmSync(join(directory, '00000000000000000000.log'));
    const screen = await terminal.shows('1 segment deleted underneath, the one shown among them');
    expect(screen).not.toMatch(/▸ 0\.\.0/);
    terminal.keys('G');
    await terminal.shows('the log ends at offset 40');
  });

  test('shows damage in its place', async () => {
    const directory = scratchPartition();
    const log = await Log.open(directory);
    for (let n = 0; n < 10; n++) await log.append({ key: `k${n}`, value: 'v'.repeat(100) });
    await log.close();
    const path = join(directory, '00000000000000000000.log');
    const bytes = readFileSync(path);
    const size = bytes.length / 10;
    bytes[size * 3 + 100] = 0;
    bytes.writeInt32BE(5, size * 6 + 8);
    writeFileSync(path, bytes);
    const { terminal } = await browse(directory, { columns: 160 });
    const screen = await terminal.shows(/✗ BATCH_CRC_MISMATCH/);
    const rows = screen.split('\n');
    const at = (pattern: RegExp): number => rows.findIndex((row) => pattern.test(row));
    expect(at(/3\.\.3 .*BATCH_CRC_MISMATCH/)).toBe(at(/ 2\.\.2 /) + 1);
    expect(at(/✗ byte \d+.*BATCH_SIZE_INVALID/)).toBe(at(/ 5\.\.5 /) + 1);
    expect(at(/ 7\.\.7 /)).toBe(at(/BATCH_SIZE_INVALID/) + 1);
  });

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
    ['SIGQUIT', 131],
    ['SIGABRT', 134],
    ['SIGUSR2', 140],
    ['SIGALRM', 142],
  ] as const)('gives the terminal back on %s', async (signal, code) => {
    const { terminal, pid } = await browse(PLAIN);
    process.kill(pid(), signal);
    await expectRestored(terminal, code);
  });

  test('gives the terminal back on Ctrl-C, also in a prompt', async () => {
    const { terminal } = await browse(PLAIN);
    terminal.keys('/', 'a', 'C-c');
    await expectRestored(terminal, 130);
  });

  test('gives the terminal back on an error that nobody expected, and tells of it there', async () => {
    const code = 'process.on("SIGUSR2", () => { throw new Error("planted"); })';
    const planted = `--import=data:text/javascript,${encodeURIComponent(code)}`;
    const { terminal, pid } = await browse(PLAIN, { env: { NODE_OPTIONS: planted } });
    process.kill(pid(), 'SIGUSR2');
    await expectRestored(terminal, 2);
    expect(await terminal.shows('planted')).toContain('seglog: INTERNAL: planted');
  });

  test('stops and comes back with fg', async () => {
    const { terminal } = await browse(PLAIN, {});
    terminal.keys('C-z');
    await terminal.until((screen) => screen.includes('before') && /Stopped|Suspended|code \d+/.test(screen), 'a stop');
    expect(terminal.ask('alternate_on')).toBe('0');
    terminal.keys('C-u');
    terminal.type('fg');
    terminal.keys('Enter');
    await terminal.shows(/▸ 0\.\.\d+/);
    terminal.keys('q');
    await terminal.until(() => terminal.ask('alternate_on') === '0', 'the shell');
  });

  test('stops as well when somebody else stops it, and comes back with fg', async () => {
    const { terminal, pid } = await browse(PLAIN, {});
    process.kill(pid(), 'SIGTSTP');
    await terminal.until((screen) => screen.includes('before') && /Stopped|Suspended|code \d+/.test(screen), 'a stop');
    expect(terminal.ask('alternate_on')).toBe('0');
    terminal.type('fg');
    terminal.keys('Enter');
    await terminal.shows(/▸ 0\.\.\d+/);
    terminal.keys('q');
    await terminal.until(() => terminal.ask('alternate_on') === '0', 'the shell');
  });

  test('draws again after Ctrl-Z where no shell could continue it', async () => {
    const terminal = new Terminal();
    await terminal.shows(/[#$>]/);
    // In the shell's place: nobody looks after its group.
    terminal.type(`exec '${process.execPath}' '${MAIN}' browse '${PLAIN}'`);
    terminal.keys('Enter');
    await terminal.shows(/▸ 0\.\.\d+/);
    terminal.keys('C-z');
    terminal.keys('G');
    await terminal.shows(/the log ends at offset \d+/);
    expect(terminal.ask('alternate_on')).toBe('1');
  });

  test('ends when its terminal is closed', async () => {
    const { terminal, pid } = await browse(PLAIN);
    const browser = pid();
    expect(isAlive(browser)).toBe(true);
    terminal.close();
    for (let tries = 0; tries < 1000 && isAlive(browser); tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isAlive(browser)).toBe(false);
  });
});

describe('browse without a terminal', () => {
  test('says so and what to use instead, and exits with 2', async () => {
    const { code, stderr, stdout } = await runCli(['browse', PLAIN]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('browse needs a terminal');
    expect(stderr).toContain('seglog dump');
  });
});
