/** lmdb-js: the records under their numbers, in one transaction a batch. */
import { open } from 'lmdb';

export function openStore(directory, { durable }) {
  const database = open({
    path: directory,
    encoding: 'binary',
    keyEncoding: 'uint32',
    noMemInit: true,
    ...(durable ? {} : { noSync: true, useWritemap: true, overlappingSync: false }),
  });
  const put = (record, value) => database.put(record, value, { append: true });
  return {
    appendBatch(first, values) {
      database.transactionSync(() => {
        for (let i = 0; i < values.length; i++) database.putSync(first + i, values[i], { append: true });
      });
    },
    /** Puts of one turn of the event loop share a transaction; `settle` waits for the last one. */
    appendOne: (record, value) => void put(record, value),
    async appendDurably(record, value) {
      await put(record, value);
      await database.flushed;
    },
    scan(see) {
      for (const { value } of database.getRange()) see(value);
    },
    get: (record) => database.getBinaryFast(record),
    settle: () => database.committed,
    close: () => database.close(),
  };
}
