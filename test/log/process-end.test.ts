import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { scratchPartition } from '../support/temp.ts';

const BUILT = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
/** Nothing but the writer's linger keeps this process alive while it waits. */
const SENDER = `
  const [directory, built] = process.argv.slice(1);
  const { Log } = await import(built);
  const log = await Log.open(directory);
  const writer = log.writer({ linger: 50 });
  console.log(await writer.send({ value: 'waits for company' }));
  await writer.close();
  await log.close();
`;

test('a process does not end while a record waits in a writer for others', () => {
  const { stdout, status } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', SENDER, scratchPartition(), BUILT],
    { encoding: 'utf8' },
  );
  expect({ stdout, status }).toEqual({ stdout: '0\n', status: 0 });
});
