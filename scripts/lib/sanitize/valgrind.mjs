/**
 * Valgrind over Node and the addon, under worker threads that are ended at any moment (scripts/worker-stress.mjs). Node and V8 say
 * much to it; what counts is each report that has a frame of the addon.
 *
 * The addon is built once more, with its symbols, and put beside a copy of dist/: the one that is in use stays as it is.
 */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../project.mjs';
import { cargoVersion, lastLines, run } from '../run.mjs';

const BUILT = inProject('native', 'target', 'valgrind');
const PACKAGE = path.join(BUILT, 'package');
const ADDON = `seglog.linux-${process.arch}-gnu.node`;
const SYMBOLS = {
  CARGO_PROFILE_RELEASE_STRIP: 'none',
  CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
  CARGO_PROFILE_RELEASE_LTO: 'off',
  CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
  // By itself rustix asks the kernel for the size of a page, and looks at the vDSO on its way, which valgrind takes away.
  RUSTFLAGS: '--cfg=rustix_use_libc',
};
/** Node is 30 to 50 times slower here: this is two to three minutes. */
const STRESS = ['--lives', '6', '--places', '2', '--steps', '12'];
const SUPPRESSIONS = inProject('scripts', 'lib', 'sanitize', 'node.supp');

/** The library as a package of its own, with an addon that has symbols. Answers what went wrong, if anything did. */
async function buildPackage() {
  const args = ['build', '--release', '--manifest-path', 'native/binding/Cargo.toml', '--target-dir', BUILT];
  const { code, output } = await run('cargo', args, { env: SYMBOLS });
  if (code !== 0) return `the addon was not built:\n${lastLines(output, 40)}`;
  rmSync(PACKAGE, { recursive: true, force: true });
  mkdirSync(path.join(PACKAGE, 'native'), { recursive: true });
  cpSync(inProject('dist'), path.join(PACKAGE, 'dist'), { recursive: true });
  copyFileSync(inProject('package.json'), path.join(PACKAGE, 'package.json'));
  symlinkSync(inProject('node_modules'), path.join(PACKAGE, 'node_modules'));
  copyFileSync(path.join(BUILT, 'release', 'libseglog_binding.so'), path.join(PACKAGE, 'native', ADDON));
  return undefined;
}

/** What is not there, if anything is. */
async function missing() {
  if (process.platform !== 'linux') return 'valgrind is for Linux here';
  if ((await run('valgrind', ['--version'])).code !== 0) return 'valgrind not found: install the package of that name';
  if (cargoVersion() === undefined) return 'cargo not found (https://rustup.rs)';
  if (!existsSync(inProject('dist', 'index.js'))) return 'there is no dist/: npm run build';
  return undefined;
}

/**
 * The reports in valgrind's XML, and whether one has a frame of the addon.
 *
 * @param {string} xml
 * @returns {{ text: string, isOurs: boolean }[]}
 */
export function reportsOf(xml) {
  return [...xml.matchAll(/<error>([\s\S]*?)<\/error>/g)].map(([, error]) => {
    const kind = /<kind>(.*?)<\/kind>/.exec(error)?.[1] ?? '?';
    const what = /<(?:what|text)>(.*?)<\/(?:what|text)>/.exec(error)?.[1] ?? '';
    const frames = [...error.matchAll(/<frame>([\s\S]*?)<\/frame>/g)].map(([, frame]) => {
      const of = (tag) => new RegExp(`<${tag}>(.*?)</${tag}>`).exec(frame)?.[1];
      return {
        object: of('obj') ?? '',
        words: `${of('fn') ?? of('ip')} (${of('file') ?? of('obj') ?? '?'}:${of('line') ?? ''})`,
      };
    });
    const isOurs = frames.some(({ object }) => /\/seglog\.[^/]*\.node$/.test(object));
    return { text: [`${kind}: ${what}`, ...frames.map(({ words }) => `    ${words}`)].join('\n'), isOurs };
  });
}

/** Runs the threads under valgrind. */
export async function valgrind() {
  const why = await missing();
  if (why !== undefined) return { skipped: why };
  const wrong = await buildPackage();
  if (wrong !== undefined) return { failed: wrong };
  const xml = path.join(BUILT, 'reports.xml');
  const options = [
    // The addon is unloaded with the last thread that has it, and a leak is told after that.
    ...[
      '--tool=memcheck',
      '--keep-debuginfo=yes',
      '--error-limit=no',
      '--num-callers=40',
      '--xml=yes',
      `--xml-file=${xml}`,
    ],
    ...['--leak-check=full', '--show-leak-kinds=definite', '--errors-for-leak-kinds=definite'],
    ...[`--suppressions=${SUPPRESSIONS}`, '--fair-sched=yes'],
  ];
  const library = ['--library', path.join(PACKAGE, 'dist', 'index.js')];
  const { code, output, stdout } = await run(
    'valgrind',
    [...options, process.execPath, inProject('scripts', 'worker-stress.mjs'), ...library, ...STRESS],
    { env: { SEGLOG_ENGINE: 'native' } },
  );
  const reports = reportsOf(existsSync(xml) ? readFileSync(xml, 'utf8') : '');
  const ours = reports.filter(({ isOurs }) => isOurs);
  if (ours.length > 0) return { failed: `${ours.length} reports:\n${ours.map(({ text }) => text).join('\n')}` };
  if (code !== 0) return { failed: lastLines(output, 40) };
  const report = JSON.parse(stdout.trim().split('\n').at(-1));
  if (!existsSync(xml) || !(report.appends > 0))
    return { failed: 'nothing was appended under valgrind, or it wrote no report' };
  console.log(`valgrind: ${reports.length} reports without a frame of the addon, which are Node's own`);
  const { started, terminated, appends } = report;
  return { counts: { threads: started, 'of them terminated': terminated, appends, 'reports about the addon': 0 } };
}
