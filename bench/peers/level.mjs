/** classic-level (LevelDB): the records under big-endian numbers, a batch of puts a batch. */
import { ClassicLevel } from 'classic-level';

const KEY_BYTES = 8;
const READ_AT_ONCE = 1000;

function keyOf(record) {
  const key = Buffer.alloc(KEY_BYTES);
  key.writeUInt32BE(record, KEY_BYTES - 4);
  return key;
}

export async function openStore(directory, { durable }) {
  const level = new ClassicLevel(directory, { keyEncoding: 'buffer', valueEncoding: 'buffer', compression: false });
  await level.open();
  const options = { sync: durable };
  /** Of single puts, which LevelDB does in their order. */
  let last;
  return {
    appendBatch: (first, values) =>
      level.batch(
        values.map((value, i) => ({ type: 'put', key: keyOf(first + i), value })),
        options,
      ),
    appendOne(record, value) {
      last = level.put(keyOf(record), value, options);
    },
    appendDurably: (record, value) => level.put(keyOf(record), value, options),
    async scan(see) {
      const iterator = level.iterator({ highWaterMarkBytes: 1 << 20 });
      for (;;) {
        const entries = await iterator.nextv(READ_AT_ONCE);
        if (entries.length === 0) break;
        for (const [, value] of entries) see(value);
      }
      await iterator.close();
    },
    get: (record) => level.getSync(keyOf(record)),
    settle: () => last,
    close: () => level.close(),
  };
}
