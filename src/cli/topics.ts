/** `seglog topics`: makes, shows, alters and deletes the topics of log directories. */
import type { Command } from 'commander';
import { keyOfKafkaName } from '../config/log-config.ts';
import type { Store } from '../store/store.ts';
import type { StoreReader } from '../store/store-reader.ts';
import { collectConfig, CONFIG_HELP, CONFIG_OPTION, parsePositiveCount } from './arguments.ts';
import { tell, usageError } from './exit-codes.ts';
import { jsonText, type JsonValue } from './json-line.ts';
import { Output } from './output.ts';
import { collectDirectory, configFrom, DIR_HELP, DIR_OPTION, lookAt, withStore } from './store-directories.ts';

interface Directories {
  readonly dir: readonly string[];
}

interface ShowArguments extends Directories {
  readonly internal?: boolean;
  readonly json?: boolean;
}

interface CreateArguments extends Directories {
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config?: readonly (readonly [string, string])[];
}

interface AlterArguments extends Directories {
  readonly partitions?: number;
  readonly config?: readonly (readonly [string, string])[];
  readonly deleteConfig?: readonly string[];
}

async function create(name: string, options: CreateArguments): Promise<void> {
  const { dir, partitions, replicationFactor } = options;
  const config = configFrom(options.config);
  const made = await withStore(dir, async (store) => {
    const topic = await store.createTopic({ name, partitions, replicationFactor, config });
    await removeDue(store);
    return topic;
  });
  tell(`created ${made.name} with ${partitions} partition${partitions === 1 ? '' : 's'}, topic id ${made.topicId}`);
}

async function alter(name: string, options: AlterArguments): Promise<void> {
  const { dir, partitions, deleteConfig = [] } = options;
  const set = configFrom(options.config);
  const reset = deleteConfig.map(keyOfKafkaName);
  const changesConfig = Object.keys(set).length > 0 || reset.length > 0;
  if (!changesConfig && partitions === undefined)
    throw usageError('nothing to alter: give --config, --delete-config or --partitions');
  await withStore(dir, async (store) => {
    if (changesConfig) await store.alterTopic(name, { set, reset });
    if (partitions !== undefined) await store.createPartitions(name, partitions);
    await removeDue(store);
  });
  tell(`altered ${name}`);
}

/** Whoever reads a topic without a lock may go on until the delay has passed. @returns how many directories wait still */
async function removeDue(store: Store): Promise<number> {
  await store.removeDeleted({ dueOnly: true });
  return store.status().deleting.length;
}

async function remove(name: string, { dir }: Directories): Promise<void> {
  const left = await withStore(dir, async (store) => {
    await store.deleteTopic(name);
    return removeDue(store);
  });
  const later = left === 1 ? 'a directory waits' : `${left} directories wait`;
  tell(
    `deleted ${name}${left === 0 ? '' : `; ${later} to be removed by whichever store or command comes after file.delete.delay.ms`}`,
  );
}

async function show(options: ShowArguments, linesOf: (reader: StoreReader) => Iterable<string>): Promise<void> {
  const output = new Output(process.stdout);
  using reader = lookAt(options.dir);
  for (const line of linesOf(reader)) await output.write(line);
  await output.flush();
}

function* listed(reader: StoreReader, options: ShowArguments): Generator<string, void> {
  const { json = false } = options;
  for (const name of reader.topics({ internal: options.internal === true })) {
    const { topicId, partitions, configs } = reader.topic(name);
    yield json
      ? `${jsonText({ name, topicId: topicId ?? null, partitions: partitions.length, configs })}\n`
      : `${name}\n`;
  }
}

function* described(reader: StoreReader, name: string, { json = false }: ShowArguments): Generator<string, void> {
  const { topicId, configs, partitions, missing } = reader.topic(name);
  const lines = partitions.map((partition) => reader.partition(name, partition));
  if (json) {
    const fields = lines.map(({ problem, isOnline: _, highWatermark: _end, ...rest }) => ({
      ...rest,
      problem: problem?.message ?? null,
    }));
    yield `${jsonText({ name, topicId: topicId ?? null, configs, partitions: fields, missing } satisfies JsonValue)}\n`;
    return;
  }
  const settings = Object.entries(configs).map(([key, value]) => `${key}=${value}`);
  yield `topic: ${name} topicId: ${topicId ?? 'none'} partitions: ${partitions.length} configs: ${settings.join(' ') || 'none'}\n`;
  for (const { partition, logStartOffset, logEndOffset, segments, sizeBytes, directory, problem } of lines) {
    yield problem === undefined
      ? `  partition: ${partition} logStartOffset: ${logStartOffset} logEndOffset: ${logEndOffset} segments: ${segments} bytes: ${sizeBytes} dir: ${directory}\n`
      : `  partition: ${partition} dir: ${directory} problem: ${problem.message}\n`;
  }
  for (const partition of missing) yield `  partition: ${partition} not here\n`;
}

const INTERNAL_OPTION = '--internal';
const INTERNAL_HELP = 'also topics that Kafka keeps for itself: __consumer_offsets';

/** Adds `topics` to the program. */
export function registerTopics(program: Command): void {
  const topics = program.command('topics').description('make, show, alter and delete the topics of log directories');
  topics
    .command('create')
    .description('make a topic; its partitions go where the fewest are')
    .argument('<topic>', 'its name: ASCII letters, digits, ".", "_" and "-"')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--partitions <count>', 'how many partitions', parsePositiveCount, 1)
    .option('--replication-factor <count>', 'how many copies; there is one broker', parsePositiveCount, 1)
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .action(create);
  topics
    .command('list')
    .description('print the names of all topics, one a line; changes nothing')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option(INTERNAL_OPTION, INTERNAL_HELP)
    .option('--json', 'one JSON object a line: name, topicId, partitions, configs')
    .action((options: ShowArguments) => show(options, (reader) => listed(reader, options)));
  topics
    .command('describe')
    .description('print a topic, or all, and the offsets of each partition; changes nothing')
    .argument('[topic]', 'its name; without it all are printed')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option(INTERNAL_OPTION, INTERNAL_HELP)
    .option('--json', 'one JSON object a line: name, topicId, configs, partitions, missing')
    .action((name: string | undefined, options: ShowArguments) =>
      show(options, function* (reader) {
        for (const topic of name === undefined ? reader.topics({ internal: options.internal === true }) : [name])
          yield* described(reader, topic, options);
      }),
    );
  topics
    .command('alter')
    .description('alter the configuration of a topic, or add partitions to it')
    .argument('<topic>', 'its name')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--partitions <count>', 'how many partitions it is to have: more than now', parsePositiveCount)
    .option(CONFIG_OPTION, CONFIG_HELP, collectConfig)
    .option('--delete-config <name>', "go back to the store's own value; may repeat", collectDirectory)
    .action(alter);
  topics
    .command('delete')
    .description('delete a topic with all of its records')
    .argument('<topic>', 'its name')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .action(remove);
}
