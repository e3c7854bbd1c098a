import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programCall, shellWord } from '../../src/cli/demo-commands.ts';
import { registerDemo } from '../../src/cli/demo.ts';
import { engineInfo } from '../../src/engine/select.ts';
import { Log } from '../../src/log/log.ts';
import { scratch } from '../support/temp.ts';
import { runCommand, type Written } from './run-command.ts';

function demo(...args: string[]): Promise<Written> {
  return runCommand(registerDemo, 'demo', ...args);
}

describe('seglog demo', () => {
  it('leaves a log that opens clean, and says what it did', async () => {
    const dir = scratch();
    const { out, err } = await demo('--records', '20000', '--dir', dir);
    const log = await Log.open(join(dir, 'demo-0'));
    const { logEndOffset, recovery } = log.status();
    await log.close();
    expect({ logEndOffset, recovery }).toEqual({ logEndOffset: 20_000, recovery: undefined });

    expect(out).toMatch(/^ {2}f-zstd-0 .* zstd, none /m);
    expect(out).toContain('Every checksum is right.');
    for (const work of ['append', 'read back', 'seek by offset', 'seek by time']) expect(out).toContain(work);
    expect(out).toContain(engineInfo().reason);
    expect(out).toContain(join(dir, 'demo-0'));
    expect(out.slice(out.indexOf('Try next')).match(/ (read|dump|offsets) /g)).toHaveLength(3);
    // Every tenth of both steps, since stderr is no terminal here.
    expect(err.match(/^appending .*%/gm)).toHaveLength(10);
    expect(err.match(/^reading back .*%/gm)).toHaveLength(10);
  });

  it('replaces its own log, and refuses any other directory', async () => {
    const dir = scratch();
    await demo('--records', '100', '--dir', dir);
    writeFileSync(join(dir, 'demo-0', 'left-over'), '');
    await demo('--records', '100', '--dir', dir);
    expect(existsSync(join(dir, 'demo-0', 'left-over'))).toBe(false);

    const foreign = scratch();
    mkdirSync(join(foreign, 'demo-0'));
    await expect(demo('--records', '100', '--dir', foreign)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

describe('the commands at its end', () => {
  it('are called as it was called', () => {
    expect(programCall(join(process.cwd(), 'dist', 'cli', 'main.js'))).toBe(`node ${join('dist', 'cli', 'main.js')}`);
    expect(programCall(join('/x', 'node_modules', 'seglog', 'dist', 'cli', 'main.js'))).toBe('npx seglog');
    expect(programCall(join('/x', 'node_modules', '.bin', 'seglog'))).toBe('npx seglog');
  });

  it('are safe words for a shell', () => {
    expect([shellWord('a/b-0.log'), shellWord("it's here")]).toEqual(['a/b-0.log', "'it'\\''s here'"]);
  });
});
