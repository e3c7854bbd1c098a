/**
 * The `server.properties` of a Kafka that is broker and controller in one, on log directories that are there.
 *
 * A file of Java properties: see `format/meta-properties.ts` for its syntax. Only what such a node needs, and what keeps it from
 * deleting what a store keeps, is in it; all else has Kafka's defaults.
 */
import { SeglogError } from '../errors/errors.ts';

/** A host and a port. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** What the file says. */
export interface ServerProperties {
  readonly nodeId: number;
  /** Paths, in the order of the store. */
  readonly logDirectories: readonly string[];
  /** The one of them that has the metadata log. */
  readonly metadataDirectory: string;
  /** Whether voters are in the metadata log (`kraft.version` 1), and not in this file. */
  readonly hasDynamicVoters: boolean;
  readonly listener: Endpoint;
  readonly controllerListener: Endpoint;
  /** What topics have that say nothing else, by a broker's names. */
  readonly defaults: ReadonlyMap<string, string>;
}

/** Without these a broker deletes records after a week that a store, which knows no such default, has kept. */
const KEEP: readonly (readonly [string, string])[] = [
  ['log.retention.ms', '-1'],
  ['log.retention.bytes', '-1'],
];

/** What topics have that say nothing else: they keep their records unless it is said. @param defaults - by a broker's names */
export function keptUnless(defaults: Iterable<readonly [string, string]>): ReadonlyMap<string, string> {
  return new Map([...KEEP, ...defaults]);
}

/** The text of the file. It is the same for the same directories and endpoints. */
export function printServerProperties(properties: ServerProperties): string {
  const { nodeId, logDirectories, metadataDirectory, hasDynamicVoters, listener, controllerListener, defaults } =
    properties;
  const controller = `${controllerListener.host}:${controllerListener.port}`;
  const sections: readonly (readonly [why: string, lines: Iterable<readonly [string, string | number]>])[] = [
    [
      'One node, broker and controller. Its metadata log knows it by this id.',
      [
        ['process.roles', 'broker,controller'],
        ['node.id', nodeId],
        hasDynamicVoters
          ? ['controller.quorum.bootstrap.servers', controller]
          : ['controller.quorum.voters', `${nodeId}@${controller}`],
      ],
    ],
    [
      'Change these to be reached from other machines.',
      [
        ['listeners', `PLAINTEXT://${listener.host}:${listener.port},CONTROLLER://${controller}`],
        ['controller.listener.names', 'CONTROLLER'],
      ],
    ],
    [
      'Where everything lies.',
      [
        ['log.dirs', logDirectories.join(',')],
        ['metadata.log.dir', metadataDirectory],
      ],
    ],
    [
      'One broker has one copy. Raise these when there are more.',
      [
        ['offsets.topic.replication.factor', 1],
        ['transaction.state.log.replication.factor', 1],
        ['transaction.state.log.min.isr', 1],
        ['share.coordinator.state.topic.replication.factor', 1],
        ['share.coordinator.state.topic.min.isr', 1],
      ],
    ],
    ['What topics have that say nothing else. Without these two Kafka deletes records after a week.', defaults],
    ['As in a store, a topic is there when somebody has made it.', [['auto.create.topics.enable', 'false']]],
  ];
  const text = sections.map(([why, lines]) => {
    const printed = [...lines].map(([name, value]) => `${name}=${escaped(String(value))}\n`);
    return `\n# ${why}\n${printed.join('')}`;
  });
  return `# Written by \`seglog handover\` for Apache Kafka 4.3 or newer.\n${text.join('')}`;
}

/** Java reads ISO-8859-1, and a backslash as the beginning of an escape. */
function escaped(value: string): string {
  return value.replace(/\\|[^\x20-\x7e]/g, (unit) =>
    unit === '\\' ? '\\\\' : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** What keeps a path out of a list of paths; undefined where nothing does. */
export function pathProblem(path: string): SeglogError | undefined {
  const why = path.includes(',') ? 'a comma' : path !== path.trim() ? 'a blank at its beginning or end' : undefined;
  if (why === undefined) return undefined;
  return new SeglogError('INVALID_ARGUMENT', 'Kafka cannot be told of a log directory with such a name', {
    file: path,
    expected: 'a path without commas, and without blanks around it',
    found: why,
    action: 'Rename the directory',
  });
}
