import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CountedFiles } from '../../src/bench/counted-files.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { scratch } from '../support/temp.ts';

const bytes = new Uint8Array(1000);

describe('files that count', () => {
  it('count what is written through them, each way, and syncs of append files', async () => {
    const directory = scratch();
    const files = new CountedFiles(defaultEngine(), nodeFileSystem);
    expect(files).toMatchObject({ bytesWritten: 0, syncs: 0 });
    const log = files.engine.openAppend(files.fs, join(directory, 'a.log'), {
      ...{ sizeBytes: 0, maxSizeBytes: 1 << 20, preallocate: false },
    });
    log.append(bytes, 700);
    await log.sync();
    log.append(bytes, 100);
    log.close();
    expect(files).toMatchObject({ bytesWritten: 800, syncs: 1 });
    const index = files.fs.open(join(directory, 'a.index'), 'create');
    index.write(bytes, 10, 40, 0);
    index.close();
    expect(files.bytesWritten).toBe(830);
    files.fs.replaceSmall(join(directory, 'mark'), bytes.subarray(0, 7));
    expect(files.bytesWritten).toBe(837);
    const sizes = ['a.log', 'a.index', 'mark'].map((name) => nodeFileSystem.stat(join(directory, name))?.sizeBytes);
    expect(sizes).toEqual([800, 30, 7]);
  });

  it('do not count what was refused', () => {
    const files = new CountedFiles(defaultEngine(), nodeFileSystem);
    const path = join(scratch(), 'a');
    files.fs.replaceSmall(path, bytes);
    const file = files.fs.open(path, 'read');
    expect(() => file.write(bytes, 0, 10, 0)).toThrow(expect.objectContaining({ code: 'IO' }));
    file.close();
    expect(files.bytesWritten).toBe(1000);
  });
});
