/** The native addon: built where cargo is, kept while current, never trusted when it was built from other sources. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { filesUnder, hashOf } from './hash.mjs';
import { inProject, say, since } from './project.mjs';
import { cargoVersion, lastLines, run, tool } from './run.mjs';

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
  if (addon === undefined || others.length > 0 || !existsSync(stampFile) || !typesAreGenerated()) return undefined;
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

function typesAreGenerated() {
  return existsSync(generatedTypes) && readFileSync(generatedTypes, 'utf8').includes('export');
}

function napiBuild() {
  const types = path.relative(inProject('native'), generatedTypes);
  const what = ['build', '--platform', '--release', '--no-js', '--dts', types];
  const where = ['--manifest-path', 'native/binding/Cargo.toml', '--output-dir', 'native', '--target-dir', target];
  return tool(inProject('node_modules', '@napi-rs', 'cli', 'dist', 'cli.js'), [...what, ...where]);
}

/**
 * The types come out of compiling the binding, by way of a cache of napi's that a failed build empties. When cargo then
 * finds the binding current there are none, and it has to be compiled once more.
 */
async function build() {
  const result = await napiBuild();
  if (result.code !== 0 || typesAreGenerated()) return result;
  const binding = ['--manifest-path', 'native/Cargo.toml', '--target-dir', target, '--package', 'seglog-binding'];
  await run('cargo', ['clean', '--release', ...binding]);
  return napiBuild();
}

/** napi adds its own stack to what the compiler said; it tells nothing. */
function compilerOutput(output) {
  const [compiler] = output.split(/^.*Internal Error/m);
  return compiler;
}

/**
 * Sees to the addon. Answers `{ ok: true }` when it is there and current, else the reason in one line, with `failed` set
 * when there was a compiler and it did not build.
 */
export async function buildAddon() {
  if (process.env.SEGLOG_SKIP_NATIVE === '1') return { ok: false, reason: 'SEGLOG_SKIP_NATIVE=1' };
  const sources = sourcesHash();
  const stamp = builtFrom();
  const cargo = cargoVersion();
  if (stamp?.sources === sources && (cargo === undefined || stamp.cargo === cargo)) return { ok: true };
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
    say(`setup: the native engine did not build:\n${lastLines(compilerOutput(output))}`);
    setAside('was built from other sources');
    say('setup: going on with the TypeScript engine (slower)');
    return { ok: false, failed: true, reason: 'the native engine did not build' };
  }
  writeFileSync(stampFile, JSON.stringify({ sources, cargo, addon: hashOf([addon]) }));
  say(`setup: native engine built in ${since(start)}`);
  return { ok: true };
}
