/**
 * Single records through `log.writer`, nothing gathered by the caller:
 *
 *   node writer-worker.mjs DIR RECORDS RECORD_BYTES ROUNDS
 *
 * Prints a JSON line a round, in the form of `seglog bench --json`. Opening and closing are not timed.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { engineInfo, Log } from '../../dist/index.js';

const VALUE_COUNT = 1024;
const LINGER_MS = 5;
const RECORDS_A_TURN = 1000;
const [directory, ...numbers] = process.argv.slice(2);
const [records, recordBytes, rounds] = numbers.map(Number);
const place = path.join(directory, 'writer-0');

function makeValues() {
  let state = 1;
  return Array.from({ length: VALUE_COUNT }, () =>
    Uint8Array.from({ length: recordBytes }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return 65 + ((state >>> 16) % 26);
    }),
  );
}

async function appendAll(writer, values) {
  for (let i = 0; i < records; i++) {
    const waiting = writer.write({ value: values[i & (VALUE_COUNT - 1)] });
    if (waiting !== undefined) await waiting;
    // A program that reads its records from somewhere lets the loop turn, and linger come due.
    if (i % RECORDS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await writer.flush();
}

const values = makeValues();
const { engine } = engineInfo();
for (let round = 0; round < rounds; round++) {
  rmSync(place, { recursive: true, force: true });
  const log = await Log.open(place, { segmentBytes: 2 ** 30 });
  const writer = log.writer({ linger: LINGER_MS });
  const start = performance.now();
  await appendAll(writer, values);
  const seconds = (performance.now() - start) / 1000;
  const bytes = log.status().sizeBytes;
  await writer.close();
  await log.close();
  const speeds = { recordsPerSecond: Math.round(records / seconds), megabytesPerSecond: bytes / 1e6 / seconds };
  process.stdout.write(
    `${JSON.stringify({ work: 'append-one', round, records, bytes, seconds, ...speeds, engine })}\n`,
  );
}
