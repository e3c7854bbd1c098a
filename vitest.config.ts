import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/seed.ts'],
    pool: 'forks',
    // Loading the library anew for each file would take as long as a sixth of the tests.
    isolate: false,
    // One more than the smallest machine has cores: a third of the time goes to waiting for disks and child processes.
    maxWorkers: 3,
    // A slow, busy machine takes ten times as long as a quiet one; what hangs ends all the same.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // A suite that lost its tests must not look like one that passed.
    passWithNoTests: false,
    expect: { requireAssertions: true, poll: { timeout: 60_000 } },
  },
});
