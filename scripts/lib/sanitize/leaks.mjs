/** Opening and closing by the thousand (scripts/open-close.mjs), and threads that are ended (scripts/worker-stress.mjs), on both engines. */
import { inProject } from '../project.mjs';
import { lastLines, run } from '../run.mjs';

const KIB = 1024;

/** One program on one engine; its report, or why it failed. */
async function reportOf(engine, script, args) {
  const { code, output, stdout } = await run(process.execPath, ['--expose-gc', inProject('scripts', script), ...args], {
    env: { SEGLOG_ENGINE: engine },
  });
  if (code !== 0) return { failed: lastLines(output, 40) };
  return { report: JSON.parse(stdout) };
}

/**
 * Looks for leaks on one engine.
 *
 * @param {{ engine: 'native' | 'ts', rounds: number }} options
 */
export async function leaks({ engine, rounds }) {
  const openings = await reportOf(engine, 'open-close.mjs', ['--rounds', `${rounds}`]);
  if (openings.failed !== undefined) return { failed: openings.failed };
  const threads = await reportOf(engine, 'worker-stress.mjs', ['--lives', '60']);
  if (threads.failed !== undefined) return { failed: threads.failed };
  const { grown } = openings.report;
  return {
    counts: {
      ...{ 'openings of a log': rounds, 'threads ended': threads.report.started },
      ...{ 'descriptors left': Math.round(grown.handles) + threads.report.handlesLeft },
      ...{ 'mappings grown': Math.round(grown.mappings), 'KiB grown': Math.round(grown.rssBytes / KIB) },
    },
  };
}
