/** Packs the main package and lets publint look at the tarball: what users get, not what lies here. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { packMain } from './lib/packages.mjs';
import { inProject } from './lib/project.mjs';
import { tool } from './lib/run.mjs';

const scratch = mkdtempSync(path.join(os.tmpdir(), 'seglog-publint-'));
try {
  const tarball = await packMain(scratch);
  const { code } = await tool(inProject('node_modules', 'publint', 'src', 'cli.js'), ['run', tarball, '--strict'], {
    show: true,
  });
  process.exitCode = code;
} finally {
  rmSync(scratch, { recursive: true });
}
