/** What may differ between the engines is no more than what the docs name: engines that say anything else are found out. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/contract.ts';
import { SeglogError } from '../../src/errors/errors.ts';
import { isAllowed } from './allowed.ts';
import { outcomeOf } from './engines.ts';

const LAX = 'the zstd data is damaged: a block is larger than it may be';
const DAMAGED = 'the zstd data is damaged: the checksum does not match';
const SMALL = 2000;

/** An engine that decompresses to so many bytes, or refuses in these words; and, if told, another thing where there is little room. */
function saying(always: number | string, inLittleRoom = always): Engine {
  const decompress = (...args: Parameters<Engine['decompress']>): number => {
    const said = args[5].length > SMALL ? always : inLittleRoom;
    if (typeof said === 'string') throw new SeglogError('CORRUPT_COMPRESSED_DATA', said);
    return said;
  };
  return { decompress } as Partial<Engine> as Engine;
}

/** Whether the two may differ so in `target` bytes. */
function mayDiffer(native: Engine, ts: Engine, codec: number): boolean {
  const of = { codec, magic: 2, bytes: new Uint8Array(10) };
  const inTarget = (engine: Engine): ReturnType<typeof outcomeOf<number>> =>
    outcomeOf(() => engine.decompress(4, 2, of.bytes, 0, 10, new Uint8Array(SMALL)));
  return isAllowed({ native, ts }, of, inTarget(native), inTarget(ts));
}

describe('engines may differ', () => {
  test.each([
    ['over a frame whose block is larger than its window', saying(1030), saying(LAX), 4],
    ['over such a frame that does not fit, too', saying(3000, -1), saying(LAX), 4],
    ['in what they tell first of bytes that are damaged and do not fit', saying(DAMAGED, -1), saying(DAMAGED), 1],
    ['the other way round', saying(DAMAGED), saying(DAMAGED, -1), 1],
  ])('%s', (_what, native, ts, codec) => {
    expect(mayDiffer(native, ts, codec)).toBe(true);
  });

  test.each([
    ['over any other fault of a frame', saying(1030), saying(DAMAGED), 4],
    ['over such a fault of another codec', saying(1030), saying(LAX), 1],
    ['over a frame that the native one alone refuses', saying(LAX), saying(1030), 4],
    ['over how much comes out', saying(1030), saying(1031), 1],
    ['over what fits', saying(1030), saying(1030, -1), 1],
    ['over what fits, the other way round', saying(1030, -1), saying(1030), 1],
    ['over damage that goes away with more room', saying(3000, DAMAGED), saying(3000, -1), 1],
    ['over damage that only one sees in any room', saying(3000, -1), saying(DAMAGED), 1],
    ['over damage that only the native one sees in any room', saying(DAMAGED), saying(3000, -1), 4],
  ])('but not %s', (_what, native, ts, codec) => {
    expect(mayDiffer(native, ts, codec)).toBe(false);
  });
});
