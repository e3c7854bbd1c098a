/** A line of JSON a record, appended with fs: what one writes before one looks for a library. */
import { closeSync, createReadStream, fdatasyncSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

const CHUNK_BYTES = 1 << 20;

export function openStore(directory) {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, 'log.ndjson');
  const descriptor = openSync(file, 'a');
  const lineOf = (offset, value) =>
    `${JSON.stringify({ offset, timestamp: Date.now(), value: value.toString('latin1') })}\n`;
  return {
    appendBatch(first, values) {
      let lines = '';
      for (let i = 0; i < values.length; i++) lines += lineOf(first + i, values[i]);
      writeSync(descriptor, lines);
    },
    appendOne: (record, value) => void writeSync(descriptor, lineOf(record, value)),
    appendDurably(record, value) {
      writeSync(descriptor, lineOf(record, value));
      fdatasyncSync(descriptor);
    },
    async scan(see) {
      const input = createReadStream(file, { highWaterMark: CHUNK_BYTES });
      for await (const line of createInterface({ input, crlfDelay: Infinity })) see(JSON.parse(line).value);
    },
    settle: () => {},
    close: () => closeSync(descriptor),
  };
}
