/** Puts bytes to the hashes of frequent keys: each is read again from the batch where it was first seen. */
import { SeglogError } from '../../errors/errors.ts';
import { FieldPrinter } from '../byte-encoding.ts';
import type { Machine } from '../verify/task.ts';
import { batchAt, keyOfRecord } from './batch-at.ts';
import type { TopKey } from './contract.ts';
import type { FrequentKey } from './frequent.ts';
import { KeyHash } from './hash.ts';

/** So much of a key is told. */
const MOST_KEY_BYTES = 1024;

/**
 * The keys of these counters, in their order. A key that is not found where it was (the file changed, or is gone) is null.
 *
 * @param paths the files by their numbers
 * @param maxBytes the most bytes that a batch may have, compressed or not
 */
export function nameKeys(
  machine: Pick<Machine, 'engine' | 'fs'>,
  found: readonly FrequentKey[],
  paths: readonly string[],
  maxBytes: number,
): TopKey[] {
  return found.map((key) => {
    const bytes = readKey(machine, key, paths[key.source] ?? '', maxBytes);
    const numbers = { records: key.count, recordsAtMost: key.count + key.lacking };
    if (bytes === undefined) return { key: null, encoding: 'base64', sizeBytes: null, isCut: false, ...numbers };
    return { ...textOf(bytes), ...numbers };
  });
}

function readKey(
  { engine, fs }: Pick<Machine, 'engine' | 'fs'>,
  { low, high, position, record }: FrequentKey,
  path: string,
  maxBytes: number,
): Uint8Array | undefined {
  try {
    const file = fs.open(path, 'read');
    try {
      const batch = batchAt(engine, file, position, maxBytes);
      const key = batch === undefined ? undefined : keyOfRecord(engine, batch, record, maxBytes);
      if (key === undefined) return undefined;
      const hash = new KeyHash();
      hash.update(new DataView(key.buffer, key.byteOffset, key.byteLength), 0, key.length);
      return hash.low === low && hash.high === high ? key : undefined;
    } finally {
      file.close();
    }
  } catch (error) {
    // What can no longer be read has been told already, or is news for the next look.
    if (error instanceof SeglogError) return undefined;
    throw error;
  }
}

function textOf(bytes: Uint8Array): Pick<TopKey, 'key' | 'encoding' | 'sizeBytes' | 'isCut'> {
  const isCut = bytes.length > MOST_KEY_BYTES;
  const printer = new FieldPrinter('auto');
  const key = printer.value('keys', bytes, 0, isCut ? cutAt(bytes) : bytes.length);
  return { key, encoding: printer.used === 'utf8' ? 'utf8' : 'base64', sizeBytes: bytes.length, isCut };
}

/** Where a long key is cut: not within a character, if it is text. */
function cutAt(bytes: Uint8Array): number {
  let end = MOST_KEY_BYTES;
  while (end > MOST_KEY_BYTES - 4 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return end;
}
