/** An append file of plain writes whose sync failed once: what is on the disk is unknown, and no later call says otherwise. */
import { expect, test } from 'vitest';
import { FaultyFileSystem } from '../../src/fs/faulty-fs.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';

const OPTIONS = { sizeBytes: 0, maxSizeBytes: 1000, preallocate: false };

test.each(['sync', 'syncSync'] as const)('F14: after a failed %s every call raises LOG_OFFLINE', async (call) => {
  const memory = new MemoryFileSystem();
  memory.makeDirectory('/a');
  const fs = new FaultyFileSystem(memory);
  const file = fs.openAppend('/a/0.log', OPTIONS);
  file.append(Buffer.from('batch'), 5);
  fs.plan({ operation: 'sync', call: 1, errno: 'EIO' });
  await expect((async () => file[call]())()).rejects.toMatchObject({ code: 'IO', errno: 'EIO' });
  await expect(file.sync()).rejects.toMatchObject({ code: 'LOG_OFFLINE' });
  for (const later of [() => file.append(Buffer.from('more'), 4), () => file.syncSync(), () => file.trim()]) {
    expect(later).toThrow(expect.objectContaining({ code: 'LOG_OFFLINE' }) as Error);
  }
  file.close();
  expect(memory.stat('/a/0.log')?.sizeBytes).toBe(5);
});
