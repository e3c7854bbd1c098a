/** The short forms of `npm run sanitize -- --only leaks`: nothing stays open behind threads that end, nor behind openings. */
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../../scripts/lib/run.mjs';
import { reportsOf } from '../../scripts/lib/sanitize/valgrind.mjs';
import { defaultEngine } from '../../src/engine/select.ts';

/** Runs one of the scripts, and reads its line of JSON. */
async function reportOf(script: string, ...args: string[]): Promise<Record<string, unknown>> {
  const path = fileURLToPath(new URL(`../../scripts/${script}`, import.meta.url));
  const { code, output, stdout } = await run(process.execPath, ['--expose-gc', path, ...args]);
  expect(code, output).toBe(0);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('F27: threads that are terminated at any step lose nothing that was appended, and leave no descriptor open', async () => {
  const report = await reportOf('worker-stress.mjs', '--lives', '12', '--places', '3', '--steps', '10');
  expect(report).toMatchObject({ engine: defaultEngine().name, started: 12, terminated: 6, handlesLeft: 0 });
  expect(report['closed']).toBeGreaterThanOrEqual(6);
  expect(report['recordsRead']).toBeGreaterThan(1000);
});

test('F17: logs and stores that are opened and closed hundreds of times leave no descriptor and no mapping', async () => {
  const report = await reportOf('open-close.mjs', '--rounds', '200');
  expect(report).toMatchObject({ engine: defaultEngine().name, rounds: 200 });
});

test('of what valgrind reports, that counts which has a frame of the addon, wherever in the stack', () => {
  const frame = (object: string): string => `<frame><ip>0x1</ip><obj>${object}</obj><fn>f</fn></frame>`;
  const error = (...objects: string[]): string =>
    `<error><kind>InvalidRead</kind><what>Invalid read</what><stack>${objects.map(frame).join('')}</stack></error>`;
  const [node, addon] = ['/usr/bin/node', '/opt/native/seglog.linux-x64-gnu.node'];
  const reports = reportsOf(
    `<x>${error(node, '/lib/libc.so')}\n${error('/lib/libc.so', addon, node)}${error(node)}</x>`,
  );
  expect(reports.map(({ isOurs }) => isOurs)).toEqual([false, true, false]);
  expect(reports[1]?.text).toBe(
    `InvalidRead: Invalid read\n    f (/lib/libc.so:)\n    f (${addon}:)\n    f (${node}:)`,
  );
});
