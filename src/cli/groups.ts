/** `seglog groups`: groups of consumers, and what they committed. */
import type { Command } from 'commander';
import type { GroupDescription, GroupListing, GroupPartition } from '../group/describe.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { StoreReader } from '../store/store-reader.ts';
import { EXIT, tell, ToldError } from './exit-codes.ts';
import { registerResetOffsets } from './groups-reset.ts';
import { type JsonValue, jsonText } from './json-line.ts';
import { Output } from './output.ts';
import { plainTable } from './plain-table.ts';
import { collectDirectory, DIR_HELP, DIR_OPTION, lookAt, withStore } from './store-directories.ts';

interface GroupsArguments {
  readonly dir: readonly string[];
  readonly json?: boolean;
}

async function list({ dir, json = false }: GroupsArguments): Promise<void> {
  using reader = lookAt(dir);
  const groups = await reader.groups();
  await say(groups.map((group) => (json ? `${jsonText(listingFields(group))}\n` : `${printable(group.groupId)}\n`)));
  endWith(reader);
}

/** Groups that are left out were told of: what was printed is not all. */
function endWith({ problems }: StoreReader): void {
  if (problems.length > 0) throw new ToldError(EXIT.findings);
}

function listingFields({ groupId, kind, protocolType }: GroupListing): Record<string, JsonValue> {
  return { groupId, kind, protocolType };
}

async function describe(id: string | undefined, { dir, json = false }: GroupsArguments): Promise<void> {
  using reader = lookAt(dir);
  const ids = id === undefined ? (await reader.groups()).map(({ groupId }) => groupId) : [id];
  for (const one of ids) {
    const group = await reader.group(one);
    await say(json ? [`${jsonText(descriptionFields(group))}\n`] : linesOf(group));
  }
  endWith(reader);
}

function descriptionFields(group: GroupDescription): Record<string, JsonValue> {
  return {
    ...listingFields(group),
    generation: group.generation,
    assignor: group.assignor ?? null,
    coordinatorPartition: group.coordinatorPartition ?? null,
    partitions: group.partitions.map(partitionFields),
  };
}

function partitionFields(one: GroupPartition): Record<string, JsonValue> {
  const { topic, partition, committed, logStartOffset, logEndOffset, highWatermark, lag, problem } = one;
  return {
    ...{ topic, partition, committed: committed?.offset ?? null, lag: lag ?? null },
    ...{ logStartOffset: logStartOffset ?? null, highWatermark: highWatermark ?? null },
    logEndOffset: logEndOffset ?? null,
    leaderEpoch: committed?.leaderEpoch ?? null,
    metadata: committed?.metadata ?? null,
    commitTimestamp: committed?.commitTimestamp ?? null,
    problem: problem?.message ?? null,
  };
}

function linesOf({ groupId, kind, generation, coordinatorPartition, partitions }: GroupDescription): string[] {
  const head = `group: ${printable(groupId)} kind: ${kind} generation: ${generation} coordinator partition: ${coordinatorPartition ?? 'none'}\n`;
  const rows = partitions.map(({ topic, partition, committed, logEndOffset, lag, problem }) => [
    printable(topic),
    String(partition),
    String(committed?.offset ?? '-'),
    String(logEndOffset ?? '-'),
    String(lag ?? '-'),
    problem === undefined ? '' : printable(problem.message),
  ]);
  if (rows.length === 0) return [head, '  nothing is committed\n'];
  const columns = [
    ['topic', 'left'],
    ['partition', 'right'],
    ['committed', 'right'],
    ['log end', 'right'],
    ['lag', 'right'],
    ['', 'left'],
  ] as const;
  return [head, plainTable(columns, rows)];
}

async function remove(id: string, { dir }: GroupsArguments): Promise<void> {
  await withStore(dir, (store) => store.group(id).delete());
  tell(`deleted the group ${printable(id)}, with what it committed`);
}

async function say(lines: readonly string[]): Promise<void> {
  const output = new Output(process.stdout);
  for (const line of lines) await output.write(line);
  await output.flush();
}

/** Adds `groups` to the program. */
export function registerGroups(program: Command): void {
  const groups = program.command('groups').description('show and change groups of consumers, and what they committed');
  groups
    .command('list')
    .description('print the ids of all groups, one a line; changes nothing, also beside a running store')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--json', 'one JSON object a line: groupId, kind, protocolType')
    .action(list);
  groups
    .command('describe')
    .description('print what a group, or each, committed, and how far it is behind; changes nothing')
    .argument('[group]', 'its id; without it all are printed')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .option('--json', 'one JSON object a line: groupId, kind, protocolType, generation, assignor, partitions')
    .action(describe);
  registerResetOffsets(groups);
  groups
    .command('delete')
    .description('delete a group with what it committed')
    .argument('<group>', 'its id')
    .requiredOption(DIR_OPTION, DIR_HELP, collectDirectory)
    .action(remove);
}
