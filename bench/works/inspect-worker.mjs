/**
 * Makes what is inspected, in a process of its own:
 *
 *   node inspect-worker.mjs DIR BYTES CODEC    a partition of one segment of so many bytes: records of 100 B, 1000 a batch
 *
 * Answers a line with the segment's path, size, number of records and batches, and the time of a record in its middle.
 */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { Log } from '../../dist/index.js';

const RECORD_BYTES = 100;
const RECORDS_PER_BATCH = 1000;
const FIRST_TIMESTAMP = 1_700_000_000_000;
/** Half of what Kafka's own producer test sends: letters in any order, which compress by a third or so. */
const LETTERS = 26;

/** Values that look random, and are the same in each run. */
function makeValues(count) {
  let state = 20261121;
  return Array.from({ length: count }, () =>
    Uint8Array.from({ length: RECORD_BYTES }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return 97 + ((state >>> 16) % LETTERS);
    }),
  );
}

async function make(directory, bytes, compressionType) {
  const log = await Log.open(directory, { segmentBytes: 2 ** 31 - 1, compressionType });
  const values = makeValues(RECORDS_PER_BATCH * 7);
  let records = 0;
  let sizeBytes = 0;
  while (sizeBytes < bytes) {
    const batch = [];
    for (let i = 0; i < RECORDS_PER_BATCH; i++, records++) {
      batch.push({ value: values[(records * 13) % values.length], timestamp: FIRST_TIMESTAMP + records });
    }
    log.appendSync(batch);
    sizeBytes = log.status().sizeBytes;
  }
  await log.close();
  const file = path.join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.log')),
  );
  const middle = Math.trunc(records / 2);
  const line = {
    file,
    sizeBytes: statSync(file).size,
    records,
    batches: records / RECORDS_PER_BATCH,
    middle,
    time: FIRST_TIMESTAMP + middle,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const [directory, bytes, codec] = process.argv.slice(2);
await make(directory, Number(bytes), codec);
