/** kill -9 in the middle of appending, on real files: what was acknowledged is there, whole, and nothing else. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { Log, LogReader } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

const BUILT = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

/** Appends batches of 1 to 50 records for ever; after each append prints the log end. */
const APPENDER = `
  import { writeSync } from 'node:fs';
  const { Log } = await import(process.argv[2]);
  const log = await Log.open(process.argv[1], { segmentBytes: 300_000 });
  for (let n = 0; ; n++) {
    const records = Array.from({ length: 1 + (n * 7) % 50 }, (_, i) => ({ value: 'record ' + (log.logEndOffset + i) }));
    log.appendSync(records);
    writeSync(1, log.logEndOffset + '\\n');
  }
`;

function checkedValues(reader: LogReader | Log): number {
  let next = 0;
  for (const batch of reader.readSync()) {
    for (const { offset, value } of batch.records()) {
      if (offset !== next || value?.toString() !== `record ${offset}`)
        throw new Error(`record ${offset} is not what was appended`);
      next++;
    }
  }
  return next;
}

describe.each([30, 80, 150, 260, 400])('F10: a process killed after about %i ms of appending', (afterMs) => {
  test('leaves every acknowledged record to a reader, and to the next writer', async () => {
    const directory = scratchPartition();
    const child = spawn(process.execPath, ['--input-type=module', '-e', APPENDER, directory, BUILT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    child.stdout.on('data', (piece: Buffer) => (printed += piece.toString('latin1')));
    await once(child.stdout, 'data');
    // While it runs, a reader in another process sees whole batches, or nothing.
    const seenAlive: number[] = [];
    const stop = setTimeout(() => child.kill('SIGKILL'), afterMs);
    while (child.exitCode === null && child.signalCode === null) {
      using reader = LogReader.open(directory);
      seenAlive.push(checkedValues(reader));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    clearTimeout(stop);
    expect(child.signalCode).toBe('SIGKILL');
    if (!child.stdout.closed) await once(child.stdout, 'close');
    // Of a line that was cut nobody knows what it says.
    const acknowledged = Number(printed.split('\n').slice(0, -1).at(-1) ?? 0);
    expect(acknowledged).toBeGreaterThan(0);
    expect([...seenAlive].sort((a, b) => a - b)).toEqual(seenAlive);
    using reader = LogReader.open(directory);
    expect(checkedValues(reader)).toBeGreaterThanOrEqual(acknowledged);
    await using log = await Log.open(directory);
    expect(log.logEndOffset).toBeGreaterThanOrEqual(acknowledged);
    expect(checkedValues(log)).toBe(log.logEndOffset);
    await log.append({ value: `record ${log.logEndOffset}` });
    expect(checkedValues(log)).toBe(log.logEndOffset);
  });
});
