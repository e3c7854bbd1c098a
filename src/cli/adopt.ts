/** `seglog adopt`: takes log directories over that an Apache Kafka of one node has stopped clean. */
import type { Command } from 'commander';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { adopt } from '../handover/adopt.ts';
import { refuse, resolveDirectories } from './change-hands.ts';
import { EXIT, tell, ToldError } from './exit-codes.ts';
import { jsonText } from './json-line.ts';
import { Output } from './output.ts';
import { untilStopped } from './signals.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION } from './store-directories.ts';

interface AdoptArguments {
  readonly dir?: readonly string[];
  readonly json?: boolean;
}

async function take(given: readonly string[], options: AdoptArguments): Promise<void> {
  const paths = resolveDirectories([...given, ...(options.dir ?? [])]);
  // While the store is open its marks are away: it is closed before the process ends.
  await untilStopped((signal) => adoptAndTell(paths, options, signal));
}

async function adoptAndTell(
  paths: readonly string[],
  { json = false }: AdoptArguments,
  signal: AbortSignal,
): Promise<void> {
  const outcome = await adopt(paths, {
    ...{ engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock, signal },
    onProblem: ({ code, message }) => tell(`note: ${code}: ${message}`),
  });
  if ('problems' in outcome) throw refuse(outcome, 'not adopted');
  const { clusterId, nodeId, topics, partitions } = outcome;
  const troubled = outcome.troubled.map(({ topic, partition, problem }) => ({
    topic,
    partition,
    problem: problem.message,
  }));
  const output = new Output(process.stdout);
  await output.write(
    json
      ? `${jsonText({ ...outcome, troubled })}\n`
      : `adopted: cluster.id: ${clusterId} node.id: ${nodeId} topics: ${topics} partitions: ${partitions}\n`,
  );
  await output.flush();
  for (const { topic, partition, problem } of troubled) tell(`problem: ${topic}-${partition}: ${problem}`);
  if (troubled.length > 0) throw new ToldError(EXIT.findings);
}

/** Adds `adopt` to the program. */
export function registerAdopt(program: Command): void {
  program
    .command('adopt')
    .description(
      'check that log directories are those of one Apache Kafka that stopped clean, and open them as a store',
    )
    .argument('[log-dirs...]', 'all log directories of the node')
    .option(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--json', 'one JSON object: clusterId, nodeId, directories, topics, partitions, troubled')
    .action(take);
}
