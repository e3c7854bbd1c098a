/** `seglog store`: log directories as they lie there, and as they run. */
import type { Command } from 'commander';
import type { SeenDirectory, StoreReader } from '../store/store-reader.ts';
import { EXIT, ToldError } from './exit-codes.ts';
import { jsonText, type JsonValue } from './json-line.ts';
import { Output } from './output.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION, lookAt } from './store-directories.ts';
import { registerStoreRun } from './store-run.ts';

interface StatusArguments {
  readonly dir: readonly string[];
  readonly json?: boolean;
}

/** What is wrong with a partition, for people. */
interface Trouble {
  readonly topic: string;
  readonly partition: number;
  readonly problem: string;
}

/** The store as its files tell, summed up. */
interface Summary {
  readonly topics: number;
  readonly partitions: number;
  readonly records: number;
  readonly sizeBytes: number;
  readonly troubled: readonly Trouble[];
}

function summaryOf(reader: StoreReader): Summary {
  const names = reader.topics({ internal: true });
  const troubled: Trouble[] = [];
  let [partitions, records, sizeBytes] = [0, 0, 0];
  for (const topic of names) {
    const seen = reader.topic(topic);
    for (const partition of seen.missing) troubled.push({ topic, partition, problem: 'its directory is not here' });
    for (const number of seen.partitions) {
      const seenPartition = reader.partition(topic, number);
      const { problem, logStartOffset, logEndOffset } = seenPartition;
      if (problem !== undefined) troubled.push({ topic, partition: number, problem: problem.message });
      partitions++;
      records += logEndOffset - logStartOffset;
      sizeBytes += seenPartition.sizeBytes;
    }
  }
  return { topics: names.length, partitions, records, sizeBytes, troubled };
}

function directoryFields({
  path,
  identity,
  isMarkedClean,
  partitions,
  leaving,
}: SeenDirectory): Record<string, JsonValue> {
  return {
    dir: path,
    clusterId: identity?.clusterId ?? null,
    nodeId: identity?.nodeId ?? null,
    directoryId: identity?.directoryId ?? null,
    cleanShutdown: isMarkedClean,
    partitions,
    deleting: leaving.delete,
    stray: leaving.stray,
    future: leaving.future,
  };
}

function* textLines(
  reader: StoreReader,
  { topics, partitions, records, sizeBytes, troubled }: Summary,
): Generator<string> {
  for (const { path, identity, isMarkedClean, partitions: count, leaving } of reader.directories) {
    const { clusterId = 'none', nodeId = 'none', directoryId = 'none' } = identity ?? {};
    yield `dir: ${path}\n`;
    yield `  cluster.id: ${clusterId} node.id: ${nodeId} directory.id: ${directoryId}\n`;
    yield `  closed clean: ${isMarkedClean ? 'yes' : 'no: open, or stopped hard'}\n`;
    yield `  partitions: ${count} deleting: ${leaving.delete.length} stray: ${leaving.stray.length} future: ${leaving.future.length}\n`;
  }
  yield `topics: ${topics} partitions: ${partitions} offsets: ${records} bytes: ${sizeBytes}\n`;
  for (const { topic, partition, problem } of troubled) yield `problem: ${topic}-${partition}: ${problem}\n`;
}

async function status({ dir, json = false }: StatusArguments): Promise<void> {
  const output = new Output(process.stdout);
  using reader = lookAt(dir);
  const summary = summaryOf(reader);
  const { troubled, ...counts } = summary;
  const whole: JsonValue = {
    directories: reader.directories.map(directoryFields),
    ...counts,
    troubled: troubled.map((trouble) => ({ ...trouble })),
  };
  const lines = json ? [`${jsonText(whole)}\n`] : textLines(reader, summary);
  for (const line of lines) await output.write(line);
  await output.flush();
  if (troubled.length > 0 || reader.problems.length > 0) throw new ToldError(EXIT.findings);
}

/** Adds `store` to the program. */
export function registerStore(program: Command): void {
  const store = program.command('store').description('look at log directories as a whole, or run them');
  store
    .command('status')
    .description('print what is in the log directories, and what is wrong; changes nothing, also beside a broker')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--json', 'one JSON object: directories, topics, partitions, records, sizeBytes, troubled')
    .action(status);
  registerStoreRun(store);
}
