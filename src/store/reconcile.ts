/**
 * Brings together what is known of topics and which directories are there, when a store is opened.
 *
 *     a directory of a topic that is being deleted          its deletion goes on
 *     a directory with another topic's id                   is put aside as `-stray`, as Kafka does: nothing is deleted in doubt
 *     a directory of a topic that Kafka has deleted         is put aside, too: what was to become of it is in no file of ours
 *     a directory that no topic knows                       becomes a partition of the topic that its name says
 *     one that has the id of another topic all the same     is a copy of that one's, and left alone
 *     a number that is missing below one that is there      is made anew: numbers have no gaps
 *     an empty one of a topic that is known without it      is removed: partitions were being added, and that was not done
 *     a partition without a directory                       is made anew, if its log directory is here
 *
 * All of it is decided before anything is renamed (see `plan.ts`). What the machine does not let be renamed stays where it is,
 * and is told of.
 */
import { SeglogError } from '../errors/errors.ts';
import type { StoreEnvironment } from './environment.ts';
import { type FoundByTopic, type Leftover, Plan } from './plan.ts';
import { renameAside } from './removal.ts';
import type { FoundPartition, StoreDirectory } from './store-directory.ts';
import type { TopicsContent } from './topic-repository.ts';

/** What is to be opened, and what is known from now on. */
export interface Reconciled extends TopicsContent {
  /** Whether that is something else than what was known. */
  readonly isChanged: boolean;
  /** Directories by topic and number. */
  readonly found: FoundByTopic;
  /** Paths of directories that were renamed, to be removed. */
  readonly deleted: readonly string[];
}

/**
 * Compares, renames what must not stay, adopts what is new.
 *
 * @throws SeglogError `DUPLICATE_PARTITION` naming both directories, and nothing was renamed
 */
export function reconcile(
  environment: StoreEnvironment,
  { known, removed }: { readonly known: TopicsContent | undefined; readonly removed: ReadonlySet<string> },
  live: readonly FoundPartition[],
  directories: readonly StoreDirectory[],
): Reconciled {
  const plan = new Plan(environment, known, live, removed);
  checkForeign(plan, known, directories);
  const stuck = [...plan.unknown];
  const deleted: string[] = [];
  for (const found of plan.deleted) {
    const path = renamed(environment, found, 'delete');
    if (path === undefined) stuck.push(found);
    else deleted.push(path);
  }
  for (const leftover of plan.strays) putAside(environment, leftover);
  const knownDeleting = known?.deleting ?? [];
  const deleting = stillDeleting(knownDeleting, stuck, directories);
  return {
    topics: [...plan.topics.values()],
    deleting,
    isChanged: plan.isChanged || JSON.stringify(deleting) !== JSON.stringify(knownDeleting),
    found: plan.found,
    deleted,
  };
}

/**
 * A metadata log that was copied here from elsewhere knows none of these log directories, and its topics are other ones of the same
 * names: everything would be put aside.
 *
 * @throws SeglogError `DIRECTORY_MISMATCH`
 */
function checkForeign(plan: Plan, known: TopicsContent | undefined, directories: readonly StoreDirectory[]): void {
  const other = plan.strays[0];
  if (other === undefined) return;
  const places = (known?.topics ?? []).flatMap(({ partitions }) => Object.values(partitions)).filter((id) => id !== '');
  if (places.length === 0 || places.some((place) => directories.some(({ id }) => id === place))) return;
  throw new SeglogError('DIRECTORY_MISMATCH', 'the metadata log is not of these log directories', {
    file: other.found.path,
    expected: `directories of topic ${other.expected}, in the log directories ${[...new Set(places)].join(', ')}`,
    found: `topic ${other.id}`,
    action:
      'Put back the metadata log that belongs here, or move it away: topics are then made from the directories that are there',
  });
}

/** Where directories of deleted topics may be left: what is not here now, and where one is that did not let itself be renamed. */
function stillDeleting(
  deleting: TopicsContent['deleting'],
  stuck: readonly FoundPartition[],
  directories: readonly StoreDirectory[],
): TopicsContent['deleting'] {
  const here = new Set(directories.flatMap(({ id, isOnline }) => (isOnline && id !== undefined ? [id] : [])));
  return deleting.flatMap(({ name, topicId, directories: places }) => {
    const held = stuck.flatMap(({ topic, root: { id } }) => (topic === name && id !== undefined ? [id] : []));
    const left = [...new Set([...places.filter((id) => id !== '' && !here.has(id)), ...held])];
    return left.length === 0 ? [] : [{ name, topicId, directories: left }];
  });
}

/** Renames a directory that is not to stay; undefined when the machine refuses: then it lies there until the next opening. */
function renamed(
  environment: StoreEnvironment,
  found: FoundPartition,
  leaving: 'delete' | 'stray',
): string | undefined {
  try {
    const path = renameAside(environment, found, found.path, leaving);
    found.root.forget(found);
    return path;
  } catch (error) {
    environment.problems.add(error);
    found.root.passOver();
    return undefined;
  }
}

function putAside(environment: StoreEnvironment, { found, id, expected }: Leftover): void {
  const aside = renamed(environment, found, 'stray');
  if (aside === undefined) return;
  environment.problems.add(
    new SeglogError('TOPIC_ID_MISMATCH', 'a directory belongs to another topic of that name, and was put aside', {
      ...{ file: aside, expected, found: id },
      action: 'Look at it with `seglog dump`; remove it when nobody needs it',
    }),
  );
}
