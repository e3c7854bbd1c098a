/** What a close, and a recovery, leave on the disk when the power fails right behind them: no more is kept than was synced. */
import { expect, test } from 'vitest';
import { Log, type LogOptions } from '../../src/index.ts';
import { CrashingFileSystem } from '../support/crashing-fs.ts';

const DIRECTORY = '/logs/t-0';
const LOG = `${DIRECTORY}/00000000000000000000.log`;

async function filled(options: LogOptions = {}): Promise<{ fs: CrashingFileSystem; bytes: Uint8Array }> {
  const fs = new CrashingFileSystem();
  fs.makeDirectory('/logs');
  const log = await Log.open(DIRECTORY, { ...options, fs });
  await log.append({ value: 'first', timestamp: 1000 });
  await log.append({ value: 'second', timestamp: 1000 });
  const { sizeBytes } = log.status();
  await log.close();
  return { fs, bytes: fs.readSmall(LOG)?.subarray(0, sizeBytes) ?? new Uint8Array() };
}

test('F12: a closed log has no zeros behind its batches, though its file was allocated whole', async () => {
  const { fs, bytes } = await filled({ preallocate: true, segmentBytes: 4096 });
  const left = fs.afterPowerLoss(() => false);
  expect(bytes.length).toBeGreaterThan(0);
  expect(left.readSmall(LOG)).toEqual(bytes);
});

test('F12: what recovery cut off is in quarantine, with its name, or is still in the log', async () => {
  const { fs, bytes } = await filled();
  const tail = bytes.slice(0, 30).fill(0xa5);
  const file = fs.open(LOG, 'update');
  file.write(tail, 0, tail.length, bytes.length);
  file.syncSync();
  file.close();
  const log = await Log.open(DIRECTORY, { fs, recovery: { clean: false, recoveryPoint: 0 } });
  const saved = log.status().recovery?.cuts[0]?.savedTo ?? 'nothing was saved';
  expect(fs.stat(LOG)?.sizeBytes).toBe(bytes.length);
  for (const isKept of [false, true]) {
    const left = fs.afterPowerLoss(() => isKept);
    const isInLog = (left.stat(LOG)?.sizeBytes ?? 0) > bytes.length;
    expect(isInLog ? left.readSmall(LOG)?.subarray(bytes.length) : left.readSmall(saved)).toEqual(tail);
  }
  await log.close();
  const left = fs.afterPowerLoss(() => false);
  expect([left.stat(LOG)?.sizeBytes, left.readSmall(saved)]).toEqual([bytes.length, tail]);
});
