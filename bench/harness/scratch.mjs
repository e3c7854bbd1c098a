/** A directory for what is measured, gone at the end, however that comes. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Runs `use` with a new directory below `parent` (the system's temporary one), and removes it. */
export async function withScratch(parent, prefix, use) {
  const scratch = mkdtempSync(path.join(parent ?? os.tmpdir(), prefix));
  const remove = () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  const stop = (code) => () => process.exit(code);
  const [onInterrupt, onTerminate] = [stop(130), stop(143)];
  process.on('exit', remove);
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  try {
    return await use(scratch);
  } finally {
    process.off('exit', remove);
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
    remove();
  }
}
