/** Rows F19, F21 and F23: what a file claims takes no memory, and what is no file hangs nobody. In processes of their own, whose memory is measured. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CODEC_IDS } from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { BATCH, HEADER_SIZE } from '../../src/format/batch.ts';
import { Log, LogReader } from '../../src/index.ts';
import { fileOf, filled, logOf, placed, valuesTo, withFile } from '../log/fault-rows/partition.ts';
import { scratchPartition } from '../support/temp.ts';

const DIST = new URL('../../dist/index.js', import.meta.url).href;
const MIB = 1024 * 1024;
const BOMB_BYTES = 96 * MIB;
const LIMIT_BYTES = MIB;
/** Chunks that are read ahead, and whatever the process needs besides. */
const MEMORY_BYTES = 48 * MIB;

/** Reads a partition with a limit of what a batch may decompress to, and prints the end of it and by how much its memory grew. */
const READER = `
  const { LogReader } = await import('${DIST}');
  const [, directory] = process.argv;
  const before = process.resourceUsage().maxRSS;
  let end = 'ok';
  try {
    const reader = LogReader.open(directory);
    for (const batch of reader.readSync({ maxDecompressedBytes: ${LIMIT_BYTES} })) batch.records();
  } catch (error) { end = error.code; }
  console.log(JSON.stringify({ end, grewBytes: (process.resourceUsage().maxRSS - before) * 1024 }));
`;

function readInProcess(directory: string): { end: string; grewBytes: number } {
  const args = ['--input-type=module', '-e', READER, directory];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as { end: string; grewBytes: number };
}

/** A batch that says that it has one record, with this payload. */
function batchOf(codec: number, payload: Uint8Array): Buffer {
  const batch = Buffer.alloc(HEADER_SIZE + payload.length);
  batch.writeInt32BE(batch.length - 12, BATCH.LENGTH);
  batch.writeInt8(2, BATCH.MAGIC);
  batch.writeInt16BE(codec, BATCH.ATTRIBUTES);
  batch.writeInt32BE(1, BATCH.RECORD_COUNT);
  batch.set(payload, HEADER_SIZE);
  defaultEngine().sealBatch(batch, batch.length);
  return batch;
}

function bomb(codec: 1 | 2 | 3 | 4, bytes: number): Uint8Array {
  const engine = defaultEngine();
  const target = new Uint8Array(engine.compressBound(codec, bytes));
  const level = { 1: 6, 2: 0, 3: 9, 4: 3 }[codec];
  return target.slice(0, engine.compress(codec, level, new Uint8Array(bytes), 0, bytes, target, 0));
}

const partitionOf = (log: Uint8Array): string => placed(new Map([[logOf(0), Buffer.from(log)]]));

describe('F21: a batch that decompresses to far more than is allowed is refused, in memory that does not follow it', () => {
  test.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s, as one stream', (codec) => {
    const id = CODEC_IDS[codec];
    const { end, grewBytes } = readInProcess(partitionOf(batchOf(id, bomb(id, BOMB_BYTES))));
    expect(end).toBe('DECOMPRESSED_TOO_LARGE');
    expect(grewBytes).toBeLessThan(MEMORY_BYTES);
  });

  test.each(['gzip', 'lz4', 'zstd'] as const)('%s, as many small streams one behind the other', (codec) => {
    const id = CODEC_IDS[codec];
    const one = bomb(id, 256 * 1024);
    const many = Buffer.concat(Array.from({ length: 200 }, () => one));
    const { end, grewBytes } = readInProcess(partitionOf(batchOf(id, many)));
    // lz4 ends with its first frame in Kafka, so that what follows is damage.
    expect(['DECOMPRESSED_TOO_LARGE', 'CORRUPT_COMPRESSED_DATA', 'INVALID_RECORD']).toContain(end);
    expect(grewBytes).toBeLessThan(MEMORY_BYTES);
  });
});

describe('F19: what a batch claims takes no memory', () => {
  test.each<[string, (log: Buffer) => void]>([
    ['a length of 2^31 - 1', (log) => log.writeInt32BE(2 ** 31 - 1, BATCH.LENGTH)],
    ['2^31 - 1 records', (log) => log.writeInt32BE(2 ** 31 - 1, BATCH.RECORD_COUNT)],
    ['a record of 2^31 - 1 bytes', (log) => log.set([0xfe, 0xff, 0xff, 0xff, 0x0f], HEADER_SIZE)],
  ])('%s', async (_what, damage) => {
    const log = Buffer.from(fileOf(await filled({ batches: 1 }), logOf(0)));
    damage(log);
    const size = 12 + log.readInt32BE(BATCH.LENGTH);
    if (size <= log.length) defaultEngine().sealBatch(log, size);
    const { end, grewBytes } = readInProcess(partitionOf(log));
    expect(['BATCH_TRUNCATED', 'INVALID_RECORD', 'ok']).toContain(end);
    expect(grewBytes).toBeLessThan(MEMORY_BYTES);
  });

  test('F23: a file of 1 TiB of nothing is the end of the data', () => {
    const directory = scratchPartition();
    mkdirSync(directory);
    const path = join(directory, logOf(0));
    writeFileSync(path, '');
    try {
      truncateSync(path, 2 ** 40);
    } catch {
      // No file system for such a file: half of what it takes then.
      truncateSync(path, 2 ** 34);
    }
    const { end, grewBytes } = readInProcess(directory);
    expect(['ok', 'BATCH_SIZE_INVALID', 'IO', 'SEGMENT_TOO_LARGE']).toContain(end);
    expect(grewBytes).toBeLessThan(MEMORY_BYTES);
  });
});

describe.runIf(process.platform === 'linux')('F23: in the place of a segment or of its index', () => {
  const THINGS: Record<string, (path: string) => void> = {
    'a FIFO': (path) => execFileSync('mkfifo', [path]),
    'a directory': (path) => mkdirSync(path),
    'a link to a device': (path) => symlinkSync('/dev/zero', path),
    'a link that leads nowhere': (path) => symlinkSync('/nowhere', path),
  };

  test.each(Object.entries(THINGS))('%s hangs nobody, and is refused by name or built anew', async (_what, put) => {
    for (const name of [logOf(0), logOf(0).replace('.log', '.index'), logOf(0).replace('.log', '.timeindex')]) {
      const directory = placed(withFile(await filled({ batches: 3 }), name, undefined));
      put(join(directory, name));
      const outcome = async (work: () => Promise<string[]>): Promise<unknown> =>
        work().catch((error: unknown) => (error as { code: string }).code);
      const read = await outcome(async () => {
        using reader = LogReader.open(directory);
        const batches = [...reader.readSync()];
        reader.offsetForTimestamp(1001);
        return batches.flatMap((batch) => batch.records().map(({ value }) => value?.toString() ?? ''));
      });
      expect(['NOT_A_REGULAR_FILE', valuesTo(6)]).toContainEqual(read);
      const opened = await outcome(async () => {
        await using log = await Log.open(directory, { recovery: { clean: false, recoveryPoint: 0 } });
        return [...log.readSync()].flatMap((batch) => batch.records().map(({ value }) => value?.toString() ?? ''));
      });
      expect(['NOT_A_REGULAR_FILE', valuesTo(6)]).toContainEqual(opened);
    }
  });
});
