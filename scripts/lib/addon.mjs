/** The native addon: built where cargo is, kept while current, never trusted when it was built from other sources. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesUnder, hashOf } from './hash.mjs';
import { inProject, say, since } from './project.mjs';
import { cargoVersion, lastLines, tool } from './run.mjs';

const target = inProject('native', 'target');
const stampFile = path.join(target, 'seglog-addon.json');
/** Where a build leaves the generated types; the committed copy is compared with them, never written by a build. */
export const generatedTypes = path.join(target, 'seglog-addon.d.ts');
export const committedTypes = inProject('native', 'binding', 'index.d.ts');

function addonFiles() {
  if (!existsSync(inProject('native'))) return [];
  return readdirSync(inProject('native'))
    .filter((name) => /^seglog\..*\.node$/.test(name))
    .map((name) => inProject('native', name));
}

function sourcesHash() {
  return hashOf(filesUnder(inProject('native'), { skip: ['target', 'fuzz', 'tests', 'benches', 'index.d.ts'] }));
}

/** What the last build was made from and what it made, as far as that still lies there unchanged. */
function builtFrom() {
  const [addon, ...others] = addonFiles();
  if (addon === undefined || others.length > 0 || !existsSync(stampFile) || !existsSync(generatedTypes))
    return undefined;
  const stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
  return stamp.addon === hashOf([addon]) ? stamp : undefined;
}

/** An addon that does not belong to these sources could disagree with dist/ about its calls: the loader must not see it. */
function setAside(why) {
  for (const addon of addonFiles()) {
    const away = path.join(target, `${path.basename(addon)}.stale`);
    mkdirSync(target, { recursive: true });
    renameSync(addon, away);
    say(`setup: ${path.relative(inProject(), addon)} ${why}; moved to ${path.relative(inProject(), away)}`);
  }
}

async function build() {
  const output = path.relative(inProject('native'), generatedTypes);
  const args = ['build', '--platform', '--release', '--no-js', '--dts', output];
  const where = [
    '--manifest-path',
    'native/binding/Cargo.toml',
    '--output-dir',
    'native',
    '--target-dir',
    'native/target',
  ];
  return tool(inProject('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js'), [...args, ...where]);
}

/**
 * Sees to the addon. Answers `{ ok: true }` when it is there and current, else the reason in one line, with `failed` set
 * when there was a compiler and it did not build.
 */
export async function buildAddon({ force = false } = {}) {
  if (process.env.SEGLOG_SKIP_NATIVE === '1') return { ok: false, reason: 'SEGLOG_SKIP_NATIVE=1' };
  const sources = sourcesHash();
  const stamp = builtFrom();
  const cargo = cargoVersion();
  if (!force && stamp?.sources === sources && (cargo === undefined || stamp.cargo === cargo)) return { ok: true };
  if (cargo === undefined) {
    setAside('was not built from these sources');
    say('setup: cargo not found: using the TypeScript engine (slower); install Rust to build the native one');
    return { ok: false, reason: 'cargo not found' };
  }
  const start = performance.now();
  say('setup: building the native engine (cargo, a minute or two the first time) ...');
  const { code, output } = await build();
  const [addon] = addonFiles();
  if (code !== 0 || addon === undefined) {
    say(`setup: the native engine did not build:\n${lastLines(output)}`);
    setAside('was built from other sources');
    say('setup: going on with the TypeScript engine (slower)');
    return { ok: false, failed: true, reason: 'the native engine did not build' };
  }
  writeFileSync(stampFile, JSON.stringify({ sources, cargo, addon: hashOf([addon]) }));
  say(`setup: native engine built in ${since(start)}`);
  return { ok: true };
}
