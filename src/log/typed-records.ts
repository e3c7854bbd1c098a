/** Records with keys and values of the caller's own types. */
import type { RecordBatch, RecordHeader } from '../record/record-batch.ts';
import type { Serde } from '../record/serdes.ts';

/** Which serdes make keys and values. Default: bytes as they are. */
export interface RecordsOptions<K, V> {
  readonly from?: number;
  readonly to?: number;
  readonly keySerde?: Serde<K>;
  readonly valueSerde?: Serde<V>;
}

/** A data record. */
export interface TypedRecord<K, V> {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: K | null;
  readonly value: V | null;
  readonly headers: readonly RecordHeader[];
}

/** The data records of batches, from `options.from` to below `options.to`; control records are left out. */
export async function* typedRecords<K, V>(
  batches: AsyncIterable<RecordBatch>,
  options: RecordsOptions<K, V>,
): AsyncGenerator<TypedRecord<K, V>, void> {
  const { from = 0, to = Infinity } = options;
  const keyOf = deserializer(options.keySerde);
  const valueOf = deserializer(options.valueSerde);
  for await (const batch of batches) {
    if (batch.isControl) continue;
    for (const { offset, timestamp, key, value, headers } of batch.records()) {
      if (offset >= from && offset < to) yield { offset, timestamp, key: keyOf(key), value: valueOf(value), headers };
    }
  }
}

function deserializer<T>(serde: Serde<T> | undefined): (bytes: Buffer | null) => T | null {
  if (serde === undefined) return (bytes) => bytes as T | null;
  return (bytes) => (bytes === null ? null : serde.deserialize(bytes));
}
