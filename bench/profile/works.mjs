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

const GROWTH = ['bench', 'growth', 'growth-worker.mjs'];
/** A mode of the growth benchmark's worker, which does what the command line does not. */
const growth = (mode, ...numbers) => ({
  script: GROWTH,
  args: (directory) => [mode, path.join(directory, mode), ...numbers.map(String)],
});
/** The same on a partition of so many sparse segments. */
const onSparse = (mode, segments, ...numbers) => ({
  script: GROWTH,
  args: (directory) => [mode, path.join(directory, `sparse-${segments}`), ...numbers.map(String)],
  fixture: (directory) => [
    inProject(...GROWTH),
    'sparse',
    path.join(directory, `sparse-${segments}`),
    String(segments),
  ],
});

const INSPECTED_BYTES = 150_000_000;

/** The works that have a profile of their own, and the points where the curves of `npm run bench:growth` bend. */
export const PLAIN_WORKS = ['append', 'read', 'recover', 'compact', 'dump'];

/**
 * Rounds enough for a second or more of the work itself. `args` are given a scratch directory; `fixture` what makes a partition there
 * first, as arguments of Node; `script` is run in place of the command line.
 */
export const WORKS = {
  append: { args: bench('append', ['--records=3000000', '--rounds=8']) },
  read: { args: bench('read', ['--records=3000000', '--rounds=20']) },
  recover: { args: bench('recover', ['--records=3000000', '--rounds=6']) },
  compact: { args: bench('compact', ['--rounds=2']) },
  dump: {
    args: (directory) => ['dump', '--json', segmentIn(path.join(directory, 'inspect-0'))],
    fixture: (directory) => [
      inProject('bench', 'works', 'inspect-worker.mjs'),
      path.join(directory, 'inspect-0'),
      String(INSPECTED_BYTES),
      'uncompressed',
    ],
  },
  'append-small-records': { args: bench('append', ['--records=5000000', '--record-bytes=10', '--rounds=8']) },
  'append-large-records': {
    args: bench('append', ['--records=300', '--record-bytes=1000000', '--batch-records=1', '--rounds=8']),
  },
  'append-single-batches': { args: bench('append', ['--records=300000', '--batch-records=1', '--rounds=8']) },
  'append-partitions': growth('partitions', 1000, 1_000_000, 4),
  'append-threads': growth('threads', 4, 4_000_000, 4),
  'read-single-batches': { args: bench('read', ['--records=300000', '--batch-records=1', '--rounds=20']) },
  'read-large-records': {
    args: bench('read', ['--records=300', '--record-bytes=1000000', '--batch-records=1', '--rounds=20']),
  },
  'open-segments': onSparse('open', 100_000),
  'seek-segments': onSparse('seek', 10_000, 50_000),
};

function segmentIn(directory) {
  return path.join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.log')),
  );
}

const HOME = inProject('.cache', 'profile');

/** dist/ and an addon with symbols and frame pointers beside it, which the usual one has not. Answers the root of both. */
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
  cpSync(inProject('bench', 'growth'), path.join(HOME, 'bench', 'growth'), { recursive: true });
  cpSync(inProject('package.json'), path.join(HOME, 'package.json'));
  return HOME;
}

/** The file that Node runs for a work, under the project's root or under that of the build with names. */
export function mainOf({ script = ['dist', 'cli', 'main.js'] }, root) {
  return path.join(root, ...script);
}
