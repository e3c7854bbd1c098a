/** compress and decompress, every codec at Kafka's default level. */
import { batchOf, HEADER_BYTES } from './data.mjs';
import { fromDist } from './engines.mjs';
import { SIZES } from './sizes.mjs';

const { CODEC_IDS } = await fromDist('engine/contract.js');
const DEFAULT_LEVELS = { gzip: -1, snappy: 0, lz4: 9, zstd: 3 };

/** Both engines decompress what `packer` compressed: the work is the same then. */
export function codecCases(engine, packer) {
  return Object.entries(DEFAULT_LEVELS).flatMap(([name, level]) => {
    const codec = CODEC_IDS[name];
    return SIZES.flatMap(({ label, bytes, calls }) => {
      const prepare = (run) => () => {
        const source = batchOf(engine, bytes + HEADER_BYTES).bytes.subarray(HEADER_BYTES, HEADER_BYTES + bytes);
        const packed = Buffer.alloc(Math.max(engine.compressBound(codec, bytes), packer.compressBound(codec, bytes)));
        const length = packer.compress(codec, level, source, 0, bytes, packed, 0);
        const target = Buffer.alloc(bytes);
        return { calls: Math.max(1, calls / 10), run: () => run(source, packed, length, target) };
      };
      return [
        {
          name: `compress ${name}`,
          size: label,
          bytes,
          prepare: prepare((source, packed) => engine.compress(codec, level, source, 0, bytes, packed, 0)),
        },
        {
          name: `decompress ${name}`,
          size: label,
          bytes,
          prepare: prepare((_, packed, length, target) => engine.decompress(codec, 2, packed, 0, length, target)),
        },
      ];
    });
  });
}
