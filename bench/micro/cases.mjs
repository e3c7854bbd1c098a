/**
 * One case for each function of src/engine/contract.ts and size. `prepare` gives what to run, how many calls make a
 * sample, and how to clean up; `bytes` are those that a call goes over.
 */
import { cleaningCases } from './cleaning-cases.mjs';
import { codecCases } from './codec-cases.mjs';
import { batchOf } from './data.mjs';
import { fileCases } from './file-cases.mjs';
import { indexCases } from './index-cases.mjs';
import { recordCases } from './record-cases.mjs';
import { scanCases } from './scan-cases.mjs';
import { SIZES } from './sizes.mjs';

function checksumCases(engine) {
  return SIZES.flatMap(({ label, bytes, calls }) => {
    const sized = (name, work) => {
      const prepare = () => {
        const batch = batchOf(engine, bytes).bytes;
        return { calls, run: () => work(batch) };
      };
      return { name, size: label, bytes, prepare };
    };
    return [
      sized('crc32c', (batch) => engine.crc32c(batch, 0, bytes)),
      sized('crc32', (batch) => engine.crc32(batch, 0, bytes)),
      sized('sealBatch', (batch) => engine.sealBatch(batch, batch.length)),
    ];
  });
}

/** All cases, on that engine, with `packer` for what is to be decompressed; the same list in the same order for each. */
export function makeCases(engine, packer) {
  const cases = [
    ...checksumCases(engine),
    ...codecCases(engine, packer),
    ...scanCases(engine),
    ...recordCases(engine),
    ...indexCases(engine),
    ...fileCases(engine),
    ...cleaningCases(engine),
  ];
  const order = [...new Set(cases.map(({ name }) => name))];
  return cases.sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}
