/** The npm packages that seglog is published as: the main one, and one for each platform's addon. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inProject } from './project.mjs';
import { npm } from './run.mjs';

/** What npm needs to know so that it installs an addon only where it can load. */
export const PLATFORMS = {
  'linux-x64-gnu': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'linux-x64-musl': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'linux-arm64-gnu': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'linux-arm64-musl': { os: ['linux'], cpu: ['arm64'], libc: ['musl'] },
  'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
  'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  'win32-x64-msvc': { os: ['win32'], cpu: ['x64'] },
  'win32-arm64-msvc': { os: ['win32'], cpu: ['arm64'] },
};

const manifest = JSON.parse(readFileSync(inProject('package.json'), 'utf8'));

async function npmPack(from, to) {
  const { code, output, stdout } = await npm([
    'pack',
    from,
    '--pack-destination',
    to,
    '--loglevel=error',
    '--json=false',
  ]);
  if (code !== 0) throw new Error(`npm pack failed: ${output}`);
  return path.join(to, stdout.trim().split('\n').at(-1));
}

/** Packs the main package from the project as it is built now; the tarball's path. */
export function packMain(to) {
  mkdirSync(to, { recursive: true });
  return npmPack(inProject(), to);
}

/** Packs the addon for one platform as a package of its own; undefined when that addon is not built here. */
export async function packPlatform(platform, to) {
  const file = `seglog.${platform}.node`;
  if (!existsSync(inProject('native', file))) return undefined;
  mkdirSync(to, { recursive: true });
  const staged = mkdtempSync(path.join(os.tmpdir(), 'seglog-platform-'));
  const { version, license, engines } = manifest;
  const described = {
    name: `seglog-${platform}`,
    version,
    description: `The native engine of seglog for ${platform}`,
    license,
    engines,
    main: file,
    files: [file],
    ...PLATFORMS[platform],
  };
  writeFileSync(path.join(staged, 'package.json'), `${JSON.stringify(described, null, 2)}\n`);
  copyFileSync(inProject('native', file), path.join(staged, file));
  copyFileSync(inProject('LICENSE'), path.join(staged, 'LICENSE'));
  try {
    return await npmPack(staged, to);
  } finally {
    rmSync(staged, { recursive: true });
  }
}
