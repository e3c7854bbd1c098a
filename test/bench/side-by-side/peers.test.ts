/** The peers that need no package: what they append they read, and each round says how long it took. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../house/project-files.ts';
import { scratch as newScratch } from '../../support/temp.ts';

const run = promisify(execFile);
const worker = path.join(projectRoot, 'bench', 'peers', 'peer-worker.mjs');

describe.each(['stream', 'ndjson'])('the peer %s', (side) => {
  it.each(['append', 'append-one', 'read', 'durable'])('does the work %s', async (work) => {
    const directory = newScratch();
    const numbers = ['250', '100', '60', '2', '3'];
    const { stdout } = await run(process.execPath, [worker, side, work, path.join(directory, 'log'), ...numbers]);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(lines).toMatchObject([
      { peer: side, work, round: 0, records: 250, bytes: 25_000 },
      { peer: side, work, round: 1, records: 250, bytes: 25_000 },
    ]);
  });
});
