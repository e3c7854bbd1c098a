/** A plain file: four bytes of length and the value, through Node's own streams. No checksum, no index, nothing to seek by. */
import { createReadStream, createWriteStream, fdatasync, mkdirSync } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { promisify } from 'node:util';

const LENGTH_BYTES = 4;
const CHUNK_BYTES = 1 << 20;
const sync = promisify(fdatasync);

function frameOf(values) {
  const bytes = Buffer.allocUnsafe(values.reduce((sum, value) => sum + LENGTH_BYTES + value.length, 0));
  let at = 0;
  for (const value of values) {
    at = bytes.writeUInt32BE(value.length, at);
    bytes.set(value, at);
    at += value.length;
  }
  return bytes;
}

/** Calls `see` with each value of a file, whose frames lie across chunks as they please. */
async function scanFile(file, see) {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: CHUNK_BYTES })) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (at + LENGTH_BYTES <= bytes.length) {
      const end = at + LENGTH_BYTES + bytes.readUInt32BE(at);
      if (end > bytes.length) break;
      see(bytes.subarray(at + LENGTH_BYTES, end));
      at = end;
    }
    rest = bytes.subarray(at);
  }
}

export async function openStore(directory) {
  mkdirSync(directory, { recursive: true });
  const file = path.join(directory, 'log.bin');
  const stream = createWriteStream(file, { highWaterMark: CHUNK_BYTES });
  const [descriptor] = await once(stream, 'open');
  let drained;
  const write = (bytes) => {
    if (stream.write(bytes)) return undefined;
    drained ??= once(stream, 'drain').then(() => {
      drained = undefined;
    });
    return drained;
  };
  const settle = () => new Promise((resolve) => stream.write('', resolve));
  return {
    appendBatch: (_first, values) => write(frameOf(values)),
    appendOne: (_record, value) => write(frameOf([value])),
    async appendDurably(_record, value) {
      await new Promise((resolve) => stream.write(frameOf([value]), resolve));
      await sync(descriptor);
    },
    scan: (see) => scanFile(file, see),
    settle,
    async close() {
      stream.end();
      await finished(stream);
    },
  };
}
