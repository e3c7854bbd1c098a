/** The engines that the suite runs on, and whether the native one can run here. */
import { inProject } from './project.mjs';
import { run } from './run.mjs';

/** The tests that say nothing about an engine: they run once. */
export const HOUSE = 'test/house';

/** What only reads logs, or writes none, is the same however an engine writes: the third run leaves it out. */
const WRITES_NO_LOG = ['docs', 'format', 'inspect', 'message', 'policy', 'report'].map((room) => `test/${room}/**`);

export const ENGINE_RUNS = [
  { name: 'native engine', env: { SEGLOG_ENGINE: 'native', SEGLOG_IO: 'auto' } },
  { name: 'TypeScript engine', env: { SEGLOG_ENGINE: 'ts', SEGLOG_IO: 'auto' } },
  {
    name: 'native engine, portable files',
    env: { SEGLOG_ENGINE: 'native', SEGLOG_IO: 'portable' },
    exclude: WRITES_NO_LOG,
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
