/** `seglog handover`: makes log directories of a store ready for an Apache Kafka. */
import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { systemClock } from '../clock/clock.ts';
import { defaultEngine } from '../engine/select.ts';
import { nodeFileSystem } from '../fs/node-fs.ts';
import { type Handover, handOver } from '../handover/handover.ts';
import type { Endpoint } from '../handover/server-properties.ts';
import { collectConfig } from './arguments.ts';
import { tell } from './exit-codes.ts';
import { refuse, resolveDirectories } from './change-hands.ts';
import { jsonText } from './json-line.ts';
import { Output } from './output.ts';
import { collectDirectory, configFrom, DIR_HELP, DIR_OPTION } from './store-directories.ts';

interface HandoverArguments {
  readonly dir?: readonly string[];
  readonly listener: Endpoint;
  readonly controllerListener: Endpoint;
  readonly config?: readonly (readonly [string, string])[];
  readonly output?: string;
  readonly json?: boolean;
}

const MAX_PORT = 65535;

/** `host:port`, of IPv6 addresses with brackets. */
function parseEndpoint(text: string): Endpoint {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || port === undefined || Number(port) === 0 || Number(port) > MAX_PORT) {
    throw new InvalidArgumentError(`expected host:port, found ${JSON.stringify(text)}.`);
  }
  return { host, port: Number(port) };
}

function textOf(outcome: Handover): string {
  const { clusterId, nodeId, topics, partitions, propertiesFile, wasWritten, differs } = outcome;
  const what = wasWritten ? 'written' : differs ? 'kept' : 'there already';
  return [
    `cluster.id: ${clusterId} node.id: ${nodeId} topics: ${topics} partitions: ${partitions}`,
    `${what}: ${propertiesFile}`,
    `start Apache Kafka 4.3 or newer: bin/kafka-server-start.sh ${shellQuoted(propertiesFile)}`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

/** What is to be known before a broker is started. */
function tellNotes({ propertiesFile, differs, overridden }: Handover): void {
  if (differs) {
    tell(
      `note: ${propertiesFile} says something else than would be written, and was kept: see that it is right for these directories; ` +
        '--output writes another file to compare it with',
    );
  }
  for (const { name, value, written } of overridden) {
    tell(
      `note: the metadata log says ${name}=${value} of brokers, which counts more than ${name}=${written} in a file; ` +
        'kafka-configs.sh --entity-type brokers alters it',
    );
  }
}

function shellQuoted(text: string): string {
  return /^[A-Za-z0-9_./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

async function handover(given: readonly string[], options: HandoverArguments): Promise<void> {
  const { dir = [], listener, controllerListener, config, output: file, json = false } = options;
  const outcome = await handOver(resolveDirectories([...given, ...dir]), {
    ...{ engine: defaultEngine(), fs: nodeFileSystem, clock: systemClock, listener, controllerListener },
    defaults: configFrom(config),
    propertiesFile: file,
  });
  if ('problems' in outcome) throw refuse(outcome, 'not handed over');
  const output = new Output(process.stdout);
  const command = ['bin/kafka-server-start.sh', outcome.propertiesFile];
  const overridden = outcome.overridden.map((one) => ({ ...one }));
  await output.write(json ? `${jsonText({ ...outcome, overridden, command })}\n` : textOf(outcome));
  await output.flush();
  tellNotes(outcome);
}

/** Adds `handover` to the program. */
export function registerHandover(program: Command): void {
  program
    .command('handover')
    .description('check that an Apache Kafka takes log directories as they are, and write its server.properties')
    .argument('[log-dirs...]', 'all log directories of a store that is closed')
    .option(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--listener <host:port>', 'where clients reach the broker', parseEndpoint, {
      host: 'localhost',
      port: 9092,
    })
    .option('--controller-listener <host:port>', 'where the broker reaches its controller', parseEndpoint, {
      host: 'localhost',
      port: 9093,
    })
    .option(
      '--config <name=value>',
      'what topics have that say nothing else, such as retention.ms=604800000; without it their records are kept for ever; may repeat',
      collectConfig,
    )
    .option('--output <file>', 'where to write it (default: server.properties in the first log directory)')
    .option(
      '--json',
      'one JSON object: clusterId, nodeId, directories, topics, partitions, propertiesFile, wasWritten, differs, overridden, command',
    )
    .action(handover);
}
