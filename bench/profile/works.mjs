/** What is profiled, as the arguments of seglog's command line; and the build with names in it that perf needs. */
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../scripts/lib/project.mjs';
import { run } from '../../scripts/lib/run.mjs';

const bench = (work, settings) => (directory) => [
  'bench',
  work,
  '--json',
  ...settings,
  `--dir=${path.join(directory, 'log')}`,
];

/**
 * Rounds enough for a second or more of the work itself. `args` are given a scratch directory; `fixture` says that it needs
 * a segment there first, in `inspect-0`.
 */
export const WORKS = {
  append: { args: bench('append', ['--records=3000000', '--rounds=8']) },
  read: { args: bench('read', ['--records=3000000', '--rounds=20']) },
  recover: { args: bench('recover', ['--records=3000000', '--rounds=6']) },
  compact: { args: bench('compact', ['--rounds=2']) },
  dump: {
    args: (directory) => ['dump', '--json', segmentIn(path.join(directory, 'inspect-0'))],
    fixtureBytes: 150_000_000,
  },
};

function segmentIn(directory) {
  return path.join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.log')),
  );
}

const HOME = inProject('.cache', 'profile');

/** dist/ and an addon with symbols and frame pointers beside it, which the usual one has not. Answers the command line's file. */
export async function buildWithNames() {
  const env = {
    CARGO_PROFILE_RELEASE_STRIP: 'none',
    CARGO_PROFILE_RELEASE_DEBUG: 'line-tables-only',
    RUSTFLAGS: '-Cforce-frame-pointers=yes',
  };
  const manifest = inProject('native', 'binding', 'Cargo.toml');
  const args = ['build', '--release', '--manifest-path', manifest, '--target-dir', HOME];
  const { code, output } = await run('cargo', args, { env });
  if (code !== 0) throw new Error(`the addon with names was not built: ${output.trim().split('\n').at(-1)}`);
  const release = path.join(HOME, 'release');
  const built = readdirSync(release).find((name) => /^(?:lib)?seglog_binding\.(?:so|dylib|dll)$/.test(name));
  const usual = readdirSync(inProject('native')).find((name) => /^seglog\..*\.node$/.test(name));
  if (built === undefined || usual === undefined) throw new Error('there is no addon: npm run setup');
  mkdirSync(path.join(HOME, 'native'), { recursive: true });
  cpSync(path.join(release, built), path.join(HOME, 'native', usual));
  if (existsSync(path.join(HOME, 'dist'))) rmSync(path.join(HOME, 'dist'), { recursive: true });
  cpSync(inProject('dist'), path.join(HOME, 'dist'), { recursive: true });
  cpSync(inProject('package.json'), path.join(HOME, 'package.json'));
  return path.join(HOME, 'dist', 'cli', 'main.js');
}
