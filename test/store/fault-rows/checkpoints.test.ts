/** Row F7 of the fault list: damaged small files of a log directory: what is lost with them is found again, or told by name. */
import { describe, expect, test } from 'vitest';
import { MemoryFileSystem } from '../../../src/fs/memory-fs.ts';
import { SeglogError, Store } from '../../../src/index.ts';
import { filled, smallText, valuesOf } from '../support.ts';

/** A store with all of its checkpoints, and a log start above the first segment. */
async function made(): Promise<MemoryFileSystem> {
  const fs = new MemoryFileSystem();
  await filled(['/one'], { t: ['a', 'b', 'c'], u: ['d', 'e'] }, { fs });
  const store = await Store.open('/one', { fs });
  await store.partition('t', 0).deleteRecordsBefore(1);
  await store.close();
  fs.replaceSmall('/one/cleaner-offset-checkpoint', Buffer.from('0\n1\nt 0 2\n'));
  return fs;
}

/** A copy in which one file is another one. */
function changed(from: MemoryFileSystem, path: string, bytes: Uint8Array): MemoryFileSystem {
  const to = new MemoryFileSystem();
  const copy = (directory: string): void => {
    to.makeDirectory(directory);
    for (const name of from.list(directory)) {
      const one = `${directory}/${name}`;
      if (from.stat(one)?.isDirectory === true) copy(one);
      else to.replaceSmall(one, from.readSmall(one) ?? new Uint8Array());
    }
  };
  copy('/one');
  to.replaceSmall(path, bytes);
  return to;
}

/** Bits of a file turned over, one at a time: each one, or of a long file some in every byte or two. */
function* flips(bytes: Uint8Array): Generator<{ damaged: Uint8Array; what: string }> {
  const step = Math.ceil((bytes.length * 8) / 500);
  for (let bit = 0; bit < bytes.length * 8; bit += step) {
    const damaged = Uint8Array.from(bytes);
    damaged[bit >> 3] = (damaged[bit >> 3] as number) ^ (1 << (bit & 7));
    yield { damaged, what: JSON.stringify(Buffer.from(damaged).toString('latin1')) };
  }
}

/** A partition's records from whatever start. */
const WHOLE = { t: ['', 'c', 'b,c', 'a,b,c'], u: ['', 'e', 'd,e'] };

describe('F7: a bit is turned over in', () => {
  test.each([
    'recovery-point-offset-checkpoint',
    'replication-offset-checkpoint',
    'log-start-offset-checkpoint',
    'cleaner-offset-checkpoint',
  ])('%s: the store opens, loses no record, and writes it whole again', async (name) => {
    const from = await made();
    const path = `/one/${name}`;
    for (const { damaged, what } of flips(from.readSmall(path) ?? new Uint8Array())) {
      const fs = changed(from, path, damaged);
      const store = await Store.open('/one', { fs });
      const [t = [], u = []] = await Promise.all(['t', 'u'].map((topic) => valuesOf(store.partition(topic, 0))));
      if (name === 'log-start-offset-checkpoint') {
        // Another line that can be: nobody can tell that it was not the log start.
        expect(WHOLE.t, what).toContain(t.join());
        expect(WHOLE.u, what).toContain(u.join());
      } else
        expect([t, u], what).toEqual([
          ['b', 'c'],
          ['d', 'e'],
        ]);
      await store.partition('u', 0).append({ value: 'more' });
      await store.close();
      await using again = await Store.open('/one', { fs });
      expect(again.status().problems, what).toEqual([]);
      expect(await valuesOf(again.partition('u', 0)), what).toEqual([...u, 'more']);
    }
  });

  test.each(['meta.properties', 't-0/partition.metadata'])(
    '%s: it is refused by its name, or says something else; records stay as they are',
    async (name) => {
      const from = await made();
      const path = `/one/${name}`;
      const log = from.readSmall('/one/t-0/00000000000000000000.log');
      let refused = 0;
      for (const { damaged, what } of flips(from.readSmall(path) ?? new Uint8Array())) {
        const fs = changed(from, path, damaged);
        try {
          await using store = await Store.open('/one', { fs });
          const problem = store.status().troubled[0]?.problem;
          if (problem !== undefined) throw problem;
        } catch (error) {
          if (!(error instanceof SeglogError)) throw error;
          refused++;
          // Another node is one that the metadata log does not know.
          if (error.code === 'DIRECTORY_MISMATCH') continue;
          expect(error.file, what).toBe(path);
          expect(['CORRUPT_CHECKPOINT', 'UNSUPPORTED_VERSION'], what).toContain(error.code);
        }
        // With another id it is another topic's, and put aside.
        const place = fs.list('/one').findLast((one) => one.startsWith('t-0')) ?? '';
        expect(fs.readSmall(`/one/${place}/00000000000000000000.log`), what).toEqual(log);
      }
      expect(refused).toBeGreaterThan(10);
    },
  );
});

describe('F7: a checkpoint that says what cannot be', () => {
  const CASES = [
    ['recovery-point-offset-checkpoint', 't 0 3', 't 0 9007199254740993'],
    ['recovery-point-offset-checkpoint', 't 0 3', 't 0 99'],
    ['recovery-point-offset-checkpoint', 't 0 3', 't 0 1'],
    ['recovery-point-offset-checkpoint', 't 0 3', 't 0 -5'],
    ['replication-offset-checkpoint', 't 0 3', 't 0 99'],
    ['replication-offset-checkpoint', 't 0 3', 't 0 0'],
    ['cleaner-offset-checkpoint', 't 0 2', 't 0 99'],
    ['log-start-offset-checkpoint', 't 0 1', 't 0 -1'],
  ] as const;
  test.each(CASES.flatMap((one) => [[...one, 'a clean stop'] as const, [...one, 'a crash'] as const]))(
    '%s: "%s" is "%s": is put right after %s',
    async (name, from, to, after) => {
      const fs = await made();
      const path = `/one/${name}`;
      const text = smallText(fs, path) ?? '';
      expect(text).toContain(from);
      fs.replaceSmall(path, Buffer.from(text.replace(from, to)));
      if (after === 'a crash') fs.remove('/one/.kafka_cleanshutdown');
      const store = await Store.open('/one', { fs });
      const log = store.partition('t', 0);
      expect(await valuesOf(log)).toEqual(name.startsWith('log-start') ? ['a', 'b', 'c'] : ['b', 'c']);
      const { logStartOffset, recoveryPoint, highWatermark, logEndOffset } = log.status();
      expect(logEndOffset).toBe(3);
      expect([logStartOffset <= 1, recoveryPoint <= 3, highWatermark <= 3]).toEqual([true, true, true]);
      await store.close();
      expect(smallText(fs, '/one/recovery-point-offset-checkpoint')).toContain('\nt 0 3\n');
    },
  );
});

test('F7: every checkpoint is empty, as a crash of some file systems leaves files: all records are there', async () => {
  const fs = await made();
  for (const name of fs.list('/one')) {
    if (name.endsWith('-checkpoint')) fs.replaceSmall(`/one/${name}`, new Uint8Array());
  }
  await using store = await Store.open('/one', { fs });
  // The log start is forgotten with it: what was deleted below it is there again, as in Kafka.
  expect(await valuesOf(store.partition('t', 0))).toEqual(['a', 'b', 'c']);
  expect(await valuesOf(store.partition('u', 0))).toEqual(['d', 'e']);
});
