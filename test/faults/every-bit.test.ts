/**
 * Row F5, whole: each of the 524,288 bits of a log of 64 KiB turned over, one at a time. It is detected, or it is in the list of
 * what cannot be detected (docs/durability.md), and that list has nothing in it that is detected.
 */
import { expect, test } from 'vitest';
import {
  RECOVERY_ROW,
  RECOVERY_SCRATCH_BYTES,
  RECOVERY_STATE,
  RECOVERY_STOPS,
  SCAN_OUTCOME,
  SCAN_ROW,
} from '../../src/engine/contract.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { BATCH } from '../../src/format/batch.ts';
import { OFFSET_INDEX } from '../../src/format/offset-index.ts';
import { TIME_INDEX } from '../../src/format/time-index.ts';
import type { File } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { LOG_BYTES, logOfBatches, type Place, placesIn } from './log-of-batches.ts';
import { keepResult } from './result.ts';

const engine = defaultEngine();
const MAX_DELTA = 2n ** 31n - 1n;
const ROOM = 256;

// One batch: a sound one fills it, and a damaged one is not looked behind.
const rows = new Int32Array(SCAN_ROW.length);
const outcome = new Float64Array(SCAN_OUTCOME.length);

/** Whether sizes and checksums show it, which every read looks at. */
function isSeenByReading(bytes: Buffer, { start }: Place): boolean {
  engine.scanBatches(bytes, start, bytes.length, true, rows, outcome);
  return outcome[SCAN_OUTCOME.count] === 0;
}

const recovered = new Float64Array(ROOM * RECOVERY_ROW.length);
const offsets = new Uint8Array(ROOM * OFFSET_INDEX.ENTRY_SIZE);
const times = new Uint8Array(ROOM * TIME_INDEX.ENTRY_SIZE);
const scratch = new Uint8Array(RECOVERY_SCRATCH_BYTES);

/** Whether the pass of a recovery does not come to the end of the file, or offsets do not rise on the way. */
function isSeenByRecovery(file: File): boolean {
  const state = new Float64Array(RECOVERY_STATE.length);
  state[RECOVERY_STATE.interval] = 4096;
  state[RECOVERY_STATE.budgetBytes] = 2 * LOG_BYTES;
  for (const field of ['maxTimestamp', 'lastTimeIndexed', 'leaderEpoch', 'fallPosition'] as const) {
    state[RECOVERY_STATE[field]] = -1;
  }
  engine.recover(file, LOG_BYTES, scratch, state, recovered, offsets, times);
  return state[RECOVERY_STATE.stop] !== RECOVERY_STOPS.end || (state[RECOVERY_STATE.fallPosition] as number) >= 0;
}

/** The list of docs/durability.md: what nobody can know from the batches of Kafka's format alone. */
function isListed(log: Buffer, { start, end, magic }: Place, at: number, bit: number): boolean {
  const field = at - start;
  if (magic === 2 && field >= BATCH.LEADER_EPOCH && field < BATCH.MAGIC) return true;
  // 2 becomes 3, 6, 10, 18, 34 or 66, which Kafka takes for format 2.
  if (magic === 2 && field === BATCH.MAGIC) return bit !== 1 && bit !== 7;
  if (field >= BATCH.LENGTH || end < log.length) return false;
  // There are no gaps between offsets here, so that the last one alone can rise, as far as its segment may have it.
  const baseOffset = log.readBigInt64BE(start);
  const changed = baseOffset ^ (1n << BigInt((7 - field) * 8 + bit));
  return changed > baseOffset && changed <= MAX_DELTA;
}

test('F5: each bit of a 64 KiB log of all codecs and formats is detected, or in the list of what cannot be', async () => {
  const log = await logOfBatches();
  const places = placesIn(log);
  const file = new MemoryFileSystem().open('/00000000000000000000.log', 'create');
  file.write(log, 0, log.length, 0);
  expect(isSeenByRecovery(file), 'the log itself is sound').toBe(false);
  expect(new Set(places.map(({ magic }) => magic))).toEqual(new Set([0, 1, 2]));
  expect(new Set(places.map(({ start, magic }) => magic * log.readInt8(start + BATCH.ATTRIBUTES + 1)))).toEqual(
    new Set([0, 2, 4, 6, 8]),
  );

  const damaged = Buffer.from(log);
  const counts = { bits: 0, 'seen by every read': 0, 'seen by recovery': 0, 'cannot be seen': 0 };
  const wrong: string[] = [];
  for (const place of places) {
    for (let at = place.start; at < place.end; at++) {
      for (let bit = 0; bit < 8; bit++) {
        damaged[at] = (log[at] as number) ^ (1 << bit);
        counts.bits++;
        const how = howSeen(place, at);
        counts[how]++;
        if ((how === 'cannot be seen') !== isListed(log, place, at, bit)) {
          wrong.push(`bit ${bit} of byte ${at - place.start} of the batch at ${place.start}: ${how}`);
        }
      }
      damaged[at] = log[at] as number;
    }
  }
  expect(wrong).toEqual([]);
  expect(counts.bits).toBe(8 * LOG_BYTES);
  expect(counts['seen by every read'] / counts.bits).toBeGreaterThan(0.98);
  keepResult('every-bit', ['F5'], counts);

  function howSeen(place: Place, at: number): Exclude<keyof typeof counts, 'bits'> {
    if (isSeenByReading(damaged, place)) return 'seen by every read';
    file.write(damaged, at, at + 1, at);
    const isSeen = isSeenByRecovery(file);
    file.write(log, at, at + 1, at);
    return isSeen ? 'seen by recovery' : 'cannot be seen';
  }
});
