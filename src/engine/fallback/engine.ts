/** The engine in TypeScript alone: the contract, one file per subject. For where the addon does not load. */
import type { AppendFile, AppendOptions, File, FileSystem, Lock } from '../../fs/contract.ts';
import { type Engine, SCAN_OUTCOME } from '../contract.ts';
import { buildIndex } from './build-index.ts';
import { checkRecords } from './check-records.ts';
import { cleaningBy } from './cleaning/cleaning.ts';
import { compress, compressBound, decompress } from './codecs/codec.ts';
import { crc32, crc32c, sealBatch } from './crc.ts';
import { decodeRecords } from './decode.ts';
import { find } from './find.ts';
import { locate } from './locate.ts';
import { requireRead } from './range.ts';
import { recordLines } from './record-lines.ts';
import { recoverBy, recoverByAsync } from './recovery.ts';
import { scanBatches } from './scan.ts';
import { searchIndex } from './search.ts';

function readBatches(
  file: File,
  position: number,
  bytes: Uint8Array,
  length: number,
  verify: boolean,
  rows: Int32Array,
  outcome: Float64Array,
): void {
  requireRead(bytes, length, position);
  const filled = file.read(bytes, 0, length, position);
  scanBatches(bytes, 0, filled, verify, rows, outcome);
  outcome[SCAN_OUTCOME.filled] = filled;
}

/** The read is off the calling thread; the scan is not. */
async function readBatchesAsync(
  file: File,
  position: number,
  bytes: Uint8Array,
  length: number,
  verify: boolean,
  rows: Int32Array,
  outcome: Float64Array,
): Promise<void> {
  requireRead(bytes, length, position);
  const filled = await file.readAsync(bytes, 0, length, position);
  scanBatches(bytes, 0, filled, verify, rows, outcome);
  outcome[SCAN_OUTCOME.filled] = filled;
}

const CHECKSUMS = { crc32c, crc32 };

const recover: Engine['recover'] = (...call) => recoverBy(CHECKSUMS, ...call);
const recoverAsync: Engine['recoverAsync'] = (...call) => recoverByAsync(CHECKSUMS, ...call);

/** Plain writes: mappings need native code. */
function openAppend(fs: FileSystem, path: string, options: AppendOptions): AppendFile {
  return fs.openAppend(path, options);
}

/** Kafka's lock needs native code too. */
function lockDirectory(fs: FileSystem, path: string): Promise<Lock> {
  return fs.lockDirectory(path);
}

/** An engine that needs nothing but Node. */
export function createFallbackEngine(): Engine {
  return {
    name: 'ts',
    description: `TypeScript on Node.js ${process.versions.node}`,
    crc32c,
    crc32,
    sealBatch,
    compressBound,
    compress,
    decompress,
    scanBatches,
    readBatches,
    readBatchesAsync,
    locate,
    find,
    decodeRecords,
    checkRecords,
    recordLines,
    searchIndex,
    buildIndex,
    recover,
    recoverAsync,
    ...cleaningBy({ compress, compressBound, decompress, sealBatch }),
    openAppend,
    lockDirectory,
  };
}
