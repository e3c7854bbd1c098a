/** Appends to the metadata log that were not done: whatever of them is there, the log is read, and says what was promised. */
import { expect, test } from 'vitest';
import { SeglogError } from '../../src/errors/errors.ts';
import type { File, OpenMode } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { DIRECTORY, Disk, REGISTRATION, topic } from './disk.ts';

const LOG = `${DIRECTORY}/00000000000000000000.log`;
const PAGE = 4096;
/** The native engine writes so much of a batch last. */
const HEAD = 12;

/** Tells of each sync of the log what was written since the one before it; and has no space when it is told to. */
class Watched extends MemoryFileSystem {
  synced = 0;
  onSync: (bytes: Buffer, synced: number) => void = () => undefined;
  writesLeft = Infinity;

  override open(path: string, mode: OpenMode): File {
    const file = super.open(path, mode);
    if (path !== LOG) return file;
    const watch = (): void => {
      const bytes = Buffer.alloc(file.sizeBytes());
      file.read(bytes, 0, bytes.length, 0);
      if (bytes.length > this.synced) this.onSync(bytes, this.synced);
      this.synced = bytes.length;
    };
    const [sync, syncSync, write] = [file.sync.bind(file), file.syncSync.bind(file), file.write.bind(file)];
    return Object.assign(file, {
      sync: () => (watch(), sync()),
      syncSync: () => (watch(), syncSync()),
      write: (...args: Parameters<File['write']>) => {
        if (this.writesLeft-- <= 0)
          throw new SeglogError('IO', 'could not write: ENOSPC', { file: path, errno: 'ENOSPC' });
        write(...args);
      },
    });
  }
}

test('F10, F13: a page of an append that is not on the disk takes the append, and nothing else, whatever pages behind it are there', async () => {
  const fs = new Watched();
  const disk = new Disk(fs);
  let promised: string[] = [];
  let looks = 0;
  fs.onSync = (bytes, synced) => {
    const pages = [Math.ceil((synced + 1) / PAGE) * PAGE, Math.floor((bytes.length - 1) / PAGE) * PAGE];
    for (const lost of new Set([synced + HEAD, ...pages])) {
      if (lost <= synced || lost >= bytes.length) continue;
      const after = new Disk();
      after.fs.makeDirectory(DIRECTORY);
      after.fs.replaceSmall(LOG, Buffer.from(bytes).fill(0, synced, lost));
      expect([...after.read(false).image.topics.keys()], `without ${synced} to ${lost} of ${bytes.length}`).toEqual(
        promised,
      );
      looks++;
    }
  };
  for (const life of [1, 2, 3]) {
    const { log, close } = await disk.open();
    if (life === 1) await log.begin(REGISTRATION, []);
    await log.append([topic(life)], 'one');
    promised = [...log.image.topics.keys()];
    const many = Array.from({ length: 10_100 }, (_, number) => topic(life * 100_000 + number));
    if (life === 2) await log.append(many, 'many');
    promised = [...log.image.topics.keys()];
    await close();
  }
  expect(looks).toBeGreaterThan(8);
});

test('F16: a transaction for whose end there is no space counts for nothing, and the next append says so', async () => {
  const fs = new Watched();
  const disk = new Disk(fs);
  const { log, close } = await disk.open();
  await log.begin(REGISTRATION, [topic(1)]);
  fs.writesLeft = 1;
  const many = Array.from({ length: 10_100 }, (_, number) => topic(100_000 + number));
  await expect(log.append(many, 'many')).rejects.toMatchObject({ errno: 'ENOSPC' });
  expect([...log.image.topics.keys()]).toEqual(['t1']);
  fs.writesLeft = Infinity;
  expect(disk.read(false)).toMatchObject({ isWithinTransaction: true });
  await log.append([topic(2)], 'two');
  await close();
  expect(disk.read()).toMatchObject({ isWithinTransaction: false });
  expect([...disk.read().image.topics.keys()]).toEqual(['t1', 't2']);
});
