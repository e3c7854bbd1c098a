/** `npm start`: sets up, then shows what seglog does. Arguments go to the demo: `npm start -- --records 100000`. */
import { inProject } from './lib/project.mjs';
import { handOver } from './lib/run.mjs';
import { setup } from './setup.mjs';

const { ok } = await setup();
const args = [inProject('dist', 'cli', 'main.js'), 'demo', ...process.argv.slice(2)];
process.exitCode = ok ? await handOver(process.execPath, args) : 1;
