/** `npm run kill`: kill -9 at system calls, again and again, on real files (docs/durability.md). `--help` tells more. */
import { spawnSync } from 'node:child_process';
import { bundleKill } from './lib/kill-bundle.mjs';

const { main, worker } = await bundleKill();
const { status } = spawnSync(process.execPath, [main, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, SEGLOG_KILL_WORKER: worker },
});
process.exitCode = status ?? 1;
