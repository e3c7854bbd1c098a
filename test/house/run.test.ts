/** How the scripts run other programs. */
import { expect, it } from 'vitest';
import { run } from '../../scripts/lib/run.mjs';
import { passedIn } from '../../scripts/lib/sanitize/miri.mjs';

const STARTER = `
  const { spawn } = require('node:child_process');
  const started = "console.log('begun'); setTimeout(() => console.log('ended'), 20000)";
  spawn(process.execPath, ['-e', started], { stdio: 'inherit' });
  setTimeout(() => {}, 20000);
`;

it.skipIf(process.platform === 'win32')('a program that takes too long is killed with what it started', async () => {
  const { code, output, isLate } = await run(process.execPath, ['-e', STARTER], { timeoutMs: 4000 });
  expect({ code, isLate }).toEqual({ code: 128, isLate: true });
  expect(output).not.toContain('ended');
});

it('a program that ends in time is told as any other', async () => {
  const result = await run(process.execPath, ['-e', "console.log('done')"], { timeoutMs: 60_000 });
  expect(result).toEqual({ code: 0, output: 'done\n', stdout: 'done\n', isLate: false });
  const absent = await run('no-such-program', [], { timeoutMs: 60_000 });
  expect(absent).toMatchObject({ code: 127, isLate: false });
});

it('of a run of tests that was ended those count that had passed', () => {
  const output =
    'running 3 tests\ntest a::tests::one ... ok\ntest a::tests::two ... ignored\ntest a::tests::three ... ';
  expect(passedIn(output)).toEqual(['a::tests::one']);
});
