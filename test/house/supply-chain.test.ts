/** What is installed with seglog, or builds it: exact versions, from the registries, and who may run something at installation. */
import { describe, expect, it } from 'vitest';
import { textOf } from './project-files.ts';

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

const manifest = JSON.parse(textOf('package.json')) as Record<string, Record<string, string> | undefined>;
const lock = JSON.parse(textOf('package-lock.json')) as { lockfileVersion: number; packages: Record<string, Locked> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Its script picks a prebuilt file; msgpackr works without it. SECURITY.md says so. */
const MAY_RUN_SCRIPTS = ['node_modules/msgpackr-extract'];

describe('packages of npm', () => {
  it('are asked for by exact versions', () => {
    for (const kind of ['dependencies', 'devDependencies']) {
      const loose = Object.entries(manifest[kind] ?? {}).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
      expect(loose).toEqual([]);
    }
  });

  it('run nothing at installation but what is known, and seglog runs nothing', () => {
    const running = packages.filter(([, { hasInstallScript }]) => hasInstallScript === true).map(([path]) => path);
    expect(running).toEqual(MAY_RUN_SCRIPTS);
    const scripts = Object.keys(manifest['scripts'] ?? {});
    expect(scripts.filter((name) => /^(?:pre|post)?install$|^prepare$/.test(name))).toEqual([]);
    for (const name of MAY_RUN_SCRIPTS) expect(textOf('SECURITY.md')).toContain(name.replace('node_modules/', ''));
  });

  it('are locked with their hashes; those of other platforms, which are optional, may lack them', () => {
    expect(lock.lockfileVersion).toBe(3);
    const bare = packages.filter(([, { integrity, optional }]) => integrity === undefined && optional !== true);
    expect(bare).toEqual([]);
    expect(packages.filter(([, { version }]) => !/^\d+\.\d+\.\d+/.test(version ?? ''))).toEqual([]);
  });
});

describe('crates', () => {
  const crates = textOf('native/Cargo.lock').split('[[package]]').slice(1);

  it('come from crates.io with their hashes, or are in this workspace', () => {
    expect(crates.length).toBeGreaterThan(40);
    const from = (crate: string): string | undefined => /^source = "(.*)"$/m.exec(crate)?.[1];
    const strange = crates.filter((crate) => {
      const source = from(crate);
      if (source === undefined) return !/^name = "seglog/m.test(crate);
      return (
        source !== 'registry+https://github.com/rust-lang/crates.io-index' ||
        !/^checksum = "[0-9a-f]{64}"$/m.test(crate)
      );
    });
    expect(strange).toEqual([]);
  });

  it('bring no runtime of their own to the addon', () => {
    expect(crates.filter((crate) => /^name = "tokio"$/m.test(crate))).toEqual([]);
  });
});
