/** Scratch directories that go with their test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A fresh directory, removed when the test ends. */
export function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'seglog-test-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** A partition directory `t-0` in a fresh directory; not made yet. */
export function scratchPartition(): string {
  return join(scratch(), 't-0');
}
