/** The engines that the suite runs on, and whether the native one can run here. */
import { inProject } from './project.mjs';
import { run } from './run.mjs';

/** The tests that say nothing about an engine: they run once. */
export const HOUSE = 'test/house';

/** What a browser does is the same whichever engine counted what it shows; that both count the same is tested beside it. */
const IN_A_BROWSER = 'test/report/page/**';

/** Rooms that write no log, or write it by the rooms that stay: how an engine's bytes reach a file makes no difference there. */
const NO_FILES_OF_THEIR_OWN = [
  ...['bench', 'browse', 'cleaner', 'cli', 'clock', 'config', 'docs', 'fidelity', 'format', 'fs', 'group', 'handover'],
  ...['index', 'inspect', 'interop', 'message', 'metadata', 'metrics', 'policy', 'record', 'repair', 'report'],
  ...['simulate', 'soak', 'state', 'store'],
].map((room) => `test/${room}/**`);

/** Tests without a file, or with files on a simulated disk, which the addon never writes by itself. test/house/engine-runs.test.ts holds them to it. */
export const WITHOUT_REAL_FILES = [
  'log/reader-beside-a-swap',
  'log/swap',
  'log/truncation-and-power',
  'parity/codecs',
].map((name) => `test/${name}.test.ts`);

/** What Kafka makes of messages and of configurations: no engine has a part in it. */
const WITHOUT_AN_ENGINE = ['messages-are-kafkas', 'topic-configs-are-kafkas'].map(
  (name) => `test/interop/${name}.test.ts`,
);

/** Rooms whose tests are about files: one pass of them writes to a disk, where bytes are allocated, mapped and synced as its file system does it. */
const ABOUT_FILES = ['faults', 'fs', 'kill', 'log', 'segment', 'soak', 'store'].map((room) => `test/${room}`);

/**
 * `exclude`: what of the whole suite would be the same once more. `onDisk`: what has its files on a disk, not in memory.
 * Tests that are named run everywhere, on a disk.
 */
export const ENGINE_RUNS = [
  { name: 'native engine', env: { SEGLOG_ENGINE: 'native', SEGLOG_IO: 'auto' }, exclude: [], onDisk: ABOUT_FILES },
  {
    name: 'TypeScript engine',
    env: { SEGLOG_ENGINE: 'ts', SEGLOG_IO: 'auto' },
    exclude: [IN_A_BROWSER, ...WITHOUT_AN_ENGINE],
    onDisk: [],
  },
  {
    name: 'native engine, portable files',
    env: { SEGLOG_ENGINE: 'native', SEGLOG_IO: 'portable' },
    exclude: [...NO_FILES_OF_THEIR_OWN, ...WITHOUT_REAL_FILES],
    onDisk: [],
  },
];

/** Loads the library in a process of its own with the native engine demanded; undefined when it loads, else why not. */
export async function whyNotNative(node = process.execPath) {
  const library = new URL(`file://${inProject('dist', 'index.js')}`).href;
  const code = `import(${JSON.stringify(library)}).then(({ engineInfo }) => engineInfo()).catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });`;
  const result = await run(node, ['-e', code], { env: { SEGLOG_ENGINE: 'native' } });
  return result.code === 0 ? undefined : result.output.trim();
}
