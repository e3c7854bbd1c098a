import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Log } from '../../src/index.ts';
import { scratchPartition } from '../support/temp.ts';

/** Four segments of one batch each, closed clean, with a bit flipped in the second. */
async function damaged(): Promise<string> {
  const directory = scratchPartition();
  const log = await Log.open(directory, { segmentBytes: 100 });
  for (let number = 0; number < 4; number++) log.appendSync({ value: `record ${number}` });
  await log.close();
  const file = join(directory, '00000000000000000001.log');
  const bytes = readFileSync(file);
  bytes[70] = (bytes[70] ?? 0) ^ 1;
  writeFileSync(file, bytes);
  return directory;
}

describe('damage below the recovery point that a read meets', () => {
  test('fails the read, and from then on the log takes no appends and says where it is damaged', async () => {
    const log = await Log.open(await damaged());
    log.appendSync({ value: 'before anybody looked' });
    const offsets: number[] = [];
    await expect(
      (async () => {
        for await (const batch of log.read({ isolation: 'log_end', to: 4 })) offsets.push(batch.baseOffset);
      })(),
    ).rejects.toMatchObject({ code: 'BATCH_CRC_MISMATCH' });
    expect(offsets).toEqual([0]);
    expect(log.status().corruption).toMatchObject({ position: 0, offset: 1 });
    expect(() => log.appendSync({ value: 'after' })).toThrow(expect.objectContaining({ code: 'LOG_CORRUPT' }));
    expect([...log.readSync({ from: 2 })].map(({ baseOffset }) => baseOffset)).toEqual([2, 3, 4]);
    await log.close();
  });

  test('is gone when the log is cut before it', async () => {
    const log = await Log.open(await damaged());
    expect(() => [...log.readSync()]).toThrow(expect.objectContaining({ code: 'BATCH_CRC_MISMATCH' }));
    await log.truncateTo(1);
    expect(log.status().corruption).toBeUndefined();
    expect(log.appendSync({ value: 'again' }).baseOffset).toBe(1);
    expect([...log.readSync()].map(({ baseOffset }) => baseOffset)).toEqual([0, 1]);
    await log.close();
  });
});
