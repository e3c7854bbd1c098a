/** `npm run check`: the gates alone; `npm run check -- lint format` runs those whose names are given. */
import { GATES, runGates } from './lib/gates.mjs';
import { Tally } from './lib/tally.mjs';
import { setup } from './setup.mjs';

const names = process.argv.slice(2).map((name) => `check:${name}`);
const unknown = names.filter((name) => !GATES.some(({ script }) => script === name));
const tally = new Tally();
for (const name of unknown) tally.fail(`there is no gate ${name}`);
const { ok } = await setup();
if (ok) await runGates(names.length === 0 ? GATES : GATES.filter(({ script }) => names.includes(script)), tally);
else tally.fail('setup');
process.exitCode = tally.close();
