/** The operating system's cache of file contents, which benches that claim to be cold must empty first. */
import { spawnSync } from 'node:child_process';
import { SeglogError } from '../errors/errors.ts';

/**
 * Takes files out of the page cache: they are synced first, since what is not on the disk cannot leave memory. Node has no
 * call for it; GNU `dd` does, by `posix_fadvise`. It is a wish that the system may not heed: look at what the next reading took
 * from the disk.
 *
 * @throws SeglogError `IO` where there is no such `dd`
 */
export function dropFromPageCache(paths: readonly string[]): void {
  for (const path of paths) {
    const args = [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none'];
    const { status, stderr, error } = spawnSync('dd', args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
    if (status === 0) continue;
    throw new SeglogError('IO', 'the page cache cannot be emptied here', {
      file: path,
      expected: 'a dd that knows oflag=nocache (GNU coreutils, on Linux)',
      found: error?.message ?? stderr.trim(),
      action: 'Measure with a warm cache',
    });
  }
}
