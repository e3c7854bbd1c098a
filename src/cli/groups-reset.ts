/** `seglog groups reset-offsets`: where a group goes on, as Kafka's own tool is asked. */
import { type Command, InvalidArgumentError } from 'commander';
import { systemClock } from '../clock/clock.ts';
import type { TopicPartition } from '../format/names.ts';
import type { PlannedReset, ResetTarget } from '../group/reset.ts';
import { printable } from '../inspect/byte-encoding.ts';
import { parseCount, parseInt64, parseOffset } from './arguments.ts';
import { tell, usageError } from './exit-codes.ts';
import { jsonText } from './json-line.ts';
import { Output } from './output.ts';
import { plainTable } from './plain-table.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION, lookAt, withStore } from './store-directories.ts';

/** A topic, and of its partitions those that are named, or all. */
interface Chosen {
  readonly topic: string;
  readonly partitions?: readonly number[];
}

interface ResetArguments {
  readonly dir: readonly string[];
  readonly topic?: readonly Chosen[];
  readonly toEarliest?: true;
  readonly toLatest?: true;
  readonly toCurrent?: true;
  readonly toOffset?: number;
  readonly toDatetime?: number;
  readonly byDuration?: number;
  readonly shiftBy?: number;
  readonly execute?: true;
  readonly json?: true;
}

const DURATION = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const UNITS_MS = [86_400_000, 3_600_000, 60_000, 1000] as const;
const ZONE = /(?:Z|[+-]\d\d:?\d\d)$/;

function parseDuration(text: string): number {
  const parts: readonly (string | undefined)[] = DURATION.exec(text)?.slice(1) ?? [];
  if (parts.every((part) => part === undefined)) {
    throw new InvalidArgumentError(`expected an ISO 8601 duration such as P1DT12H, found ${JSON.stringify(text)}.`);
  }
  return UNITS_MS.reduce((sum, unit, at) => sum + unit * Number(parts[at] ?? 0), 0);
}

/** Without a zone it is UTC, as for Kafka's tool. */
function parseDatetime(text: string): number {
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) ? Date.parse(ZONE.test(text) ? text : `${text}Z`) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(`expected a time such as 2026-01-31T12:00:00.000, found ${JSON.stringify(text)}.`);
  }
  return ms;
}

function parseShift(text: string): number {
  const value = Number(parseInt64(text));
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`expected a number that can be counted exactly, found ${text}.`);
}

function collectTopic(text: string, previous: readonly Chosen[] = []): Chosen[] {
  const [topic = '', numbers, ...rest] = text.split(':');
  if (topic === '' || rest.length > 0) {
    throw new InvalidArgumentError(`expected <topic> or <topic>:<partition>,..., found ${JSON.stringify(text)}.`);
  }
  return [...previous, numbers === undefined ? { topic } : { topic, partitions: numbers.split(',').map(parseCount) }];
}

function targetOf(options: ResetArguments): ResetTarget {
  const { toOffset, toDatetime, byDuration, shiftBy } = options;
  const targets: ResetTarget[] = [];
  if (options.toEarliest) targets.push({ to: 'earliest' });
  if (options.toLatest) targets.push({ to: 'latest' });
  if (options.toCurrent) targets.push({ to: 'current' });
  if (toOffset !== undefined) targets.push({ offset: toOffset });
  if (toDatetime !== undefined) targets.push({ timestamp: toDatetime });
  if (byDuration !== undefined) targets.push({ timestamp: Math.max(0, systemClock.now() - byDuration) });
  if (shiftBy !== undefined) targets.push({ shiftBy });
  const [target, another] = targets;
  if (target !== undefined && another === undefined) return target;
  throw usageError(
    'say once where to: --to-earliest, --to-latest, --to-current, --to-offset, --to-datetime, --by-duration or --shift-by',
  );
}

async function reset(group: string, options: ResetArguments): Promise<void> {
  const target = targetOf(options);
  const output = new Output(process.stdout);
  const plan =
    options.execute === true ? await execute(group, options, target) : await plannedOnly(group, options, target);
  for (const line of linesOf(plan, options.json === true)) await output.write(line);
  await output.flush();
  if (plan.length === 0) tell('nothing to reset: the group committed nothing; name topics with --topic');
  else if (options.execute !== true) tell('nothing is changed: with --execute this is committed');
}

async function plannedOnly(group: string, options: ResetArguments, target: ResetTarget): Promise<PlannedReset[]> {
  using reader = lookAt(options.dir);
  const chosen = chosenOf(options, (topic) => reader.topic(topic).partitions);
  return await reader.planReset(group, target, chosen);
}

async function execute(group: string, options: ResetArguments, target: ResetTarget): Promise<PlannedReset[]> {
  return withStore(options.dir, async (store) => {
    const chosen = chosenOf(options, (topic) =>
      store.describeTopic(topic).partitions.map(({ partition }) => partition),
    );
    const plan = await store.group(group).planReset(target, chosen);
    await store.group(group).commit(plan, { sync: true });
    return plan;
  });
}

function chosenOf(
  { topic: topics }: ResetArguments,
  partitionsOf: (topic: string) => readonly number[],
): TopicPartition[] | undefined {
  return topics?.flatMap(({ topic, partitions = partitionsOf(topic) }) =>
    partitions.map((partition) => ({ topic, partition })),
  );
}

function linesOf(plan: readonly PlannedReset[], json: boolean): string[] {
  if (json) {
    return plan.map(
      ({ topic, partition, from, offset }) => `${jsonText({ topic, partition, from: from ?? null, offset })}\n`,
    );
  }
  if (plan.length === 0) return [];
  const columns = [
    ['topic', 'left'],
    ['partition', 'right'],
    ['committed', 'right'],
    ['new', 'right'],
  ] as const;
  const rows = plan.map(({ topic, partition, from, offset }) => [
    printable(topic),
    String(partition),
    String(from ?? '-'),
    String(offset),
  ]);
  return [plainTable(columns, rows)];
}

/** Adds `reset-offsets` to `groups`. */
export function registerResetOffsets(groups: Command): void {
  groups
    .command('reset-offsets')
    .description('show where a group would go on, and with --execute commit it; the group must have no members')
    .argument('<group>', 'its id')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option(
      '--topic <topic>',
      '<topic> or <topic>:<partition>,...; may repeat (default: all it committed)',
      collectTopic,
    )
    .option('--to-earliest', 'to the log start')
    .option('--to-latest', 'to the end')
    .option('--to-current', 'to where it is; where nothing is committed, to the end')
    .option('--to-offset <offset>', 'to an offset; what lies outside a log is its start or end', parseOffset)
    .option(
      '--to-datetime <time>',
      'to the first record of a time or later, such as 2026-01-31T12:00:00.000',
      parseDatetime,
    )
    .option('--by-duration <duration>', 'to the first record so long ago or later, such as P1DT12H', parseDuration)
    .option('--shift-by <records>', 'forward by so many offsets, or back by a number below 0', parseShift)
    .option('--execute', 'commit it')
    .option('--json', 'one JSON object a line: topic, partition, from, offset')
    .action(reset);
}
