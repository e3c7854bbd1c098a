/** Row F27 of the fault list: cleaner threads that die under an open store. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scratch } from '../../support/temp.ts';

const DIST = new URL('../../../dist/index.js', import.meta.url).href;

/** A store whose first two cleaner threads are ended as soon as they run, in a process of its own. */
const PROGRAM = `
  const { Store } = await import('${DIST}');
  let kills = 2;
  process.on('worker', (worker) => {
    if (kills-- > 0) worker.once('online', () => void worker.terminate());
  });
  const store = await Store.open(process.argv[2], { segmentBytes: 2000, cleanupPolicy: ['compact'], logCleanerBackoffMs: 20 });
  await store.createTopic({ name: 't' });
  const log = store.partition('t', 0);
  for (let i = 0; i < 400; i++) log.appendSync({ key: 'k' + (i % 4), value: 'v' + i });
  const until = async (isSo) => {
    while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  await until(() => store.status().uncleanable.length > 0);
  const [{ topic, partition, isGivenUp, problem }] = store.status().uncleanable;
  process.stdout.write([topic, partition, isGivenUp, problem.code, /died/.test(problem.message)].join(' ') + '\\n');
  await log.append({ key: 'k0', value: 'while it is so' });
  let newest = '';
  for await (const { value } of store.records('t')) newest = String(value);
  process.stdout.write(newest + '\\n');
  await until(() => store.status().uncleanable.length === 0);
  const kept = [];
  for await (const { value } of store.records('t')) kept.push(String(value));
  process.stdout.write([kept.length < 200, kept.at(-1)].join(' ') + '\\n');
  await store.close();
`;

test('F27: are told of, wait for no one, and are tried again: the log is cleaned in the end', () => {
  const program = join(scratch(), 'program.mjs');
  writeFileSync(program, PROGRAM);
  const { stdout, stderr } = spawnSync(process.execPath, [program, scratch()], { encoding: 'utf8', timeout: 60_000 });
  expect({ stdout: stdout.split('\n'), stderr }).toEqual({
    stdout: ['t 0 false INTERNAL true', 'while it is so', 'true while it is so', ''],
    stderr: '',
  });
});
