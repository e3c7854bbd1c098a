/** Leader epochs that fall from one segment to the next, where no batch of either file is out of order. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { BATCH } from '../../../../src/format/batch.ts';
import { scratch } from '../../../support/temp.ts';
import { batch } from '../../make-batch.ts';
import { brief, verifyPaths } from '../support.ts';

const SIZE = batch().length;

/** What is found of epochs in segments of one batch for each epoch given. */
async function found(...segments: number[][]): Promise<string[]> {
  const directory = join(scratch(), 't-0');
  mkdirSync(directory);
  let offset = 0;
  for (const epochs of segments) {
    const name = `${String(offset).padStart(20, '0')}.log`;
    const batches = epochs.map((epoch) => {
      const bytes = batch({ baseOffset: BigInt(offset++) });
      bytes.writeInt32BE(epoch, BATCH.LEADER_EPOCH);
      return bytes;
    });
    writeFileSync(join(directory, name), Buffer.concat(batches));
  }
  const { findings } = await verifyPaths([directory]);
  return brief(findings.filter(({ code }) => code === 'LEADER_EPOCH_INVALID'));
}

const told = (base: number, position: number): string =>
  `error LEADER_EPOCH_INVALID ${String(base).padStart(20, '0')}.log ${position}`;

it('the batch that stands out is named', async () => {
  expect(await found([0, 0], [0, 3], [3, 4])).toEqual([]);
  expect(await found([0, 0, 9], [0, 3])).toEqual([told(0, 2 * SIZE)]);
  expect(await found([0], [9], [0])).toEqual([told(1, 0)]);
  expect(await found([2, 2], [0], [2])).toEqual([told(2, 0)]);
});
