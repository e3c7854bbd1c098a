/** The differences between the engines that docs/design.md allows ("Two engines, one contract"), each with its proof; no others. */
import type { CodecId, Engine } from '../../src/engine/contract.ts';
import { type Outcome, outcomeOf } from './engines.ts';
import type { Payload } from './mutations.ts';

/** What is decompressed. */
type Compressed = Pick<Payload, 'codec' | 'magic' | 'bytes'>;

/** The engines that are compared. */
interface EnginePair {
  readonly native: Engine;
  readonly ts: Engine;
}

/** More than any batch of the tests decompresses to, however damaged: 4 bytes of a zstd frame may stand for 128 KiB. */
const ROOM_BYTES = 64 << 20;
let room: Uint8Array | undefined;

/**
 * The three faults of a zstd frame that libzstd does not see, and the TypeScript engine refuses by the format's rules: where libzstd
 * decodes two literals at a time, it does not see that the last code of a stream is longer than the bits that are left
 * (`HUF_decodeLastSymbolX2`); its fast loop over four streams of literals takes one whose last byte is zero for one that begins
 * with eight bits (`HUF_initFastDStream`); and it lets sequences make a block larger than the frame's window allows, as long as
 * the target has room (1,030 bytes of a window of 1,024: codecs.test.ts has such a frame).
 */
const LIBZSTD_TAKES_IT =
  /: (a stream of literals does not end where it should|a stream of literals has no end mark|a block is larger than it may be)$/;

/** Decompresses where nothing is too large: how many bytes, or why not, as a code and in words. */
function inRoom(engine: Engine, { codec, magic, bytes }: Compressed): { outcome: Outcome<number>; words: string } {
  let words = '';
  const outcome = outcomeOf(() => {
    try {
      room ??= Buffer.alloc(ROOM_BYTES);
      return engine.decompress(codec as CodecId, magic, bytes, 0, bytes.length, room);
    } catch (error) {
      words = error instanceof Error ? error.message : String(error);
      throw error;
    }
  });
  return { outcome, words };
}

const isCorrupt = (outcome: Outcome<unknown>): boolean =>
  'error' in outcome && outcome.error === 'CORRUPT_COMPRESSED_DATA';
const isTooSmall = (outcome: Outcome<unknown>): boolean => 'value' in outcome && outcome.value === -1;
const isDone = (outcome: Outcome<unknown>): boolean => 'value' in outcome && outcome.value !== -1;

/** Whether a frame is one of those that libzstd alone takes. */
export function isTakenByLibzstdAlone({ native, ts }: EnginePair, of: Compressed): boolean {
  if (of.codec !== 4 || !isDone(inRoom(native, of).outcome)) return false;
  const { outcome, words } = inRoom(ts, of);
  return isCorrupt(outcome) && LIBZSTD_TAKES_IT.test(words);
}

/**
 * Whether what the two engines said of the same compressed bytes, which was not the same, is allowed: frames that libzstd alone takes;
 * and of bytes that are both damaged and more than the target holds, an engine tells whichever it notices first, but both
 * tell of the damage when the target has room.
 */
export function isAllowed(
  engines: EnginePair,
  of: Compressed,
  native: Outcome<unknown>,
  ts: Outcome<unknown>,
): boolean {
  const isRefused = (outcome: Outcome<unknown>): boolean => isCorrupt(outcome) || isTooSmall(outcome);
  if (!isRefused(ts)) return false;
  if (isDone(native)) return isCorrupt(ts) && isTakenByLibzstdAlone(engines, of);
  if (!isRefused(native)) return false;
  if (!isCorrupt(inRoom(engines.ts, of).outcome)) return false;
  return isCorrupt(inRoom(engines.native, of).outcome) || (isTooSmall(native) && isTakenByLibzstdAlone(engines, of));
}
