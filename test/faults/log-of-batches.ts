/** A log of 64 KiB of batches as a producer makes them, in every codec and every format, for damage of a single bit. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { defaultEngine } from '../../src/engine/select.ts';
import { CODEC_IDS } from '../../src/engine/contract.ts';
import { BATCH, LEGACY } from '../../src/format/batch.ts';
import { segmentFileName } from '../../src/format/names.ts';
import { type Codec, Log } from '../../src/index.ts';
import { Random } from '../support/random.ts';
import { scratchPartition } from '../support/temp.ts';

/** How long it is. */
export const LOG_BYTES: number = 64 * 1024;

const FIRST = segmentFileName(0, '.log');
const CODECS = Object.keys(CODEC_IDS) as Codec[];
const RECORDS = 8;
/** What is left for the last batch, which fills it: more than any of the others takes. */
const LAST_BYTES = 2000;
/** A batch of one record without key and headers, beside its value of 64 to 8191 bytes. */
const AROUND_VALUE = 70;

/** One entry of the log. */
export interface Place {
  readonly start: number;
  readonly end: number;
  readonly magic: number;
}

/** One message of format 0 or 1, uncompressed, at the offset. */
function legacyMessage(magic: 0 | 1, offset: number, value: string): Buffer {
  const body = Buffer.from(value);
  const fields = magic === 1 ? 8 : 0;
  const size = LEGACY.CRC + 4 + 2 + fields + 4 + 4 + body.length;
  const bytes = Buffer.alloc(size);
  bytes.writeBigInt64BE(BigInt(offset), 0);
  bytes.writeInt32BE(size - 12, BATCH.LENGTH);
  bytes.writeInt8(magic, BATCH.MAGIC);
  if (magic === 1) bytes.writeBigInt64BE(1000n, 18);
  bytes.writeInt32BE(-1, 18 + fields);
  bytes.writeInt32BE(body.length, 22 + fields);
  body.copy(bytes, 26 + fields);
  bytes.writeUInt32BE(defaultEngine().crc32(bytes, BATCH.MAGIC, size), LEGACY.CRC);
  return bytes;
}

/** Exactly {@link LOG_BYTES} of batches without a gap between their offsets: formats 0 and 1 first, then 2 in each codec. */
export async function logOfBatches(): Promise<Buffer> {
  const directory = scratchPartition();
  const old = [0, 1, 2, 3].map((offset) =>
    legacyMessage(offset < 2 ? 0 : 1, offset, `an old message, number ${offset}`),
  );
  mkdirSync(directory);
  writeFileSync(join(directory, FIRST), Buffer.concat(old));
  const random = new Random(64);
  await using log = await Log.open(directory, { recovery: { clean: false, recoveryPoint: 0 } });
  for (let n = 0; log.status().sizeBytes < LOG_BYTES - LAST_BYTES; n++) {
    const records = Array.from({ length: RECORDS }, () => ({
      key: `key ${random.between(0, 99)}`,
      value: random.bytes(random.between(20, 90)).toString('base64'),
      timestamp: 1000 + n,
      headers: [['h', random.bytes(3)]] as const,
    }));
    await log.append(records, { compression: CODECS[n % CODECS.length] as Codec });
  }
  await log.append({ value: random.bytes(LOG_BYTES - log.status().sizeBytes - AROUND_VALUE), timestamp: 2000 });
  await log.flush();
  const bytes = readFileSync(join(directory, FIRST)).subarray(0, log.status().sizeBytes);
  if (bytes.length !== LOG_BYTES) throw new Error(`${bytes.length} bytes, and not ${LOG_BYTES}`);
  return bytes;
}

/** Where each entry stands. */
export function placesIn(log: Buffer): Place[] {
  const places: Place[] = [];
  for (let start = 0; start < log.length; ) {
    const end = start + 12 + log.readInt32BE(start + BATCH.LENGTH);
    places.push({ start, end, magic: log.readInt8(start + BATCH.MAGIC) });
    start = end;
  }
  return places;
}
