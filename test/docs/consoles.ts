/** What the examples of the command line need around them: a directory, files of the fixtures under the names that a page gives them. */

/** A block with commands. */
export interface Console {
  readonly page: string;
  /** Which of the page's blocks with commands, from 0. */
  readonly block: number;
  /** Copies of partitions and checkpoints that Kafka wrote, by the name that they have on the page. */
  readonly copies?: Readonly<Record<string, string>>;
  /** The page breaks one long line into several. */
  readonly isWrapped?: boolean;
  /** What is run instead of something that would take long. */
  readonly instead?: readonly [shown: string, run: string];
  /** Commands of which the page's words hold for the native engine alone. */
  readonly nativeOnly?: readonly number[];
}

const CHECKPOINTS = {
  'cleaner-offset-checkpoint': 'cleaner-offset-checkpoint',
  'replication-offset-checkpoint': 'replication-offset-checkpoint',
};

/** How each block with commands is run. */
export const CONSOLES: readonly Console[] = [
  {
    page: 'README.md',
    block: 0,
    instead: ['--records 1000000', '--records 20000'],
    // Compressed bytes are their encoder's; the last two tell of the engine and the machine.
    nativeOnly: [4, 12, 13],
  },
  { page: 'README.md', block: 1 },
  { page: 'docs/store.md', block: 0 },
  { page: 'docs/outgrow.md', block: 0 },
  { page: 'docs/groups.md', block: 0 },
  { page: 'docs/compaction.md', block: 0 },
  { page: 'docs/inspector/decoders.md', block: 0, copies: { '__consumer_offsets-3': '__consumer_offsets-3' } },
  { page: 'docs/inspector/decoders.md', block: 1, copies: { '__cluster_metadata-0': '__cluster_metadata-0' } },
  {
    page: 'docs/inspector/decoders.md',
    block: 4,
    copies: { '__cluster_metadata-0': '__cluster_metadata-0', 'f-txn-0': 'f-txn-0' },
  },
  { page: 'docs/inspector/dump.md', block: 0, copies: { 'events-0': 'f-none-0' }, isWrapped: true },
  { page: 'docs/inspector/dump.md', block: 1, copies: { 'events-0': 'f-txn-0' } },
  { page: 'docs/inspector/dump.md', block: 2, copies: { 'events-0': 'f-txn-0' } },
  { page: 'docs/inspector/dump.md', block: 3, copies: { 'events-0': 'f-txn-0' } },
  { page: 'docs/inspector/explain.md', block: 1, copies: { 'f-compacted-0': 'f-compacted-0', ...CHECKPOINTS } },
  { page: 'docs/stats.md', block: 0, copies: { 'events-0': 'f-txn-0' } },
  { page: 'docs/inspector/verify.md', block: 1 },
  { page: 'docs/inspector/verify.md', block: 2, copies: { 'f-txn-0': 'f-txn-0' } },
];

/** Those that cannot run here, and why. */
export const NOT_RUN: readonly { readonly page: string; readonly block: number; readonly why: string }[] = [
  { page: 'README.md', block: 2, why: 'its partition was damaged by hand' },
  { page: 'docs/metrics.md', block: 0, why: 'it runs until it is stopped' },
  { page: 'docs/releasing.md', block: 0, why: 'it asks a registry for a release' },
  { page: 'docs/inspector/decoders.md', block: 2, why: 'records of a Kafka that is to come' },
  { page: 'docs/inspector/decoders.md', block: 3, why: 'records that are no JSON' },
  { page: 'docs/inspector/explain.md', block: 0, why: 'a partition of its own' },
  { page: 'docs/inspector/verify.md', block: 0, why: 'its partition was damaged by hand' },
];
