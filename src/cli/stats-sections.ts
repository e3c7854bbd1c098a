/** The tables of `seglog stats`, one function each: text that ends with a line feed, empty where there is nothing to say. */
import { bytesText, countText, decimals } from '../bench/text.ts';
import { printable } from '../inspect/byte-encoding.ts';
import type { GrowthBucket, SizeDistribution, Stats, TopKey, WhatIf } from '../inspect/stats/contract.ts';
import { INDENT, plainTable } from './plain-table.ts';
import { momentText, plural, ratioText, shareText, spanText } from './stats-words.ts';

/** So much of a key fits a table. */
const KEY_CHARACTERS = 40;
const TOLD_PRODUCERS = 10;
const GROWTH_ROWS = 24;
const BAR_CHARACTERS = 30;

/** How many keys there are, and the most frequent ones. */
export function keySection({ keys, topKeys, records }: Stats): string {
  const { distinct, isExact, standardError, withKey, withoutKey, tombstones } = keys;
  const error = isExact ? '' : ` (estimated, with a standard error of ${decimals(100 * standardError, 2)} %)`;
  const different = `${isExact ? '' : 'about '}${plural(distinct, 'different key')}${error}`;
  const head = `Keys: ${different} in ${plural(withKey, 'record')}; ${countText(withoutKey)} without a key, ${plural(tombstones, 'tombstone')}\n`;
  if (topKeys.keys.length === 0) return head;
  const isSure = topKeys.keys.every((key) => key.records === key.recordsAtMost);
  const rows = topKeys.keys.map((key) => [
    keyText(key),
    countText(key.records),
    ...(isSure ? [] : [countText(key.recordsAtMost)]),
    shareText(key.records, records),
  ]);
  const atMost = isSure ? [] : ([['at most', 'right']] as const);
  return head + plainTable([['key', 'left'], ['records', 'right'], ...atMost, ['share', 'right']], rows);
}

function keyText({ key, encoding, sizeBytes, isCut }: TopKey): string {
  if (key === null) return '(no longer there)';
  const shown = printable(encoding === 'utf8' ? key : `base64:${key}`);
  if (shown === '') return '(empty)';
  if (!isCut && shown.length <= KEY_CHARACTERS) return shown;
  // By characters, not by halves of them.
  return `${Array.from(shown).slice(0, KEY_CHARACTERS).join('')}... (${bytesText(sizeBytes ?? 0)})`;
}

/** Sizes of records, of their parts and of batches. */
export function sizeSection({ sizes, batchFill }: Stats): string {
  const row = (name: string, of: SizeDistribution): string[] => {
    const texts = [of.min, of.p50, of.p90, of.p99, of.max].map((size) => (size === null ? '-' : countText(size)));
    return [name, countText(of.count), ...texts, of.mean === null ? '-' : decimals(of.mean, 1)];
  };
  const rows = [
    row('key', sizes.keys),
    row('value', sizes.values),
    row('headers', sizes.headers),
    row('record', sizes.records),
    row('batch', batchFill.bytes),
    row('records a batch', batchFill.records),
  ];
  const numbers = ['count', 'least', 'median', 'p90', 'p99', 'largest', 'mean'];
  return `Sizes in bytes\n${plainTable([['of', 'left'], ...numbers.map((name) => [name, 'right'] as const)], rows)}`;
}

/** How batches are compressed. */
export function codecSection({ codecs }: Stats): string {
  const rows = codecs.map(({ codec, batches, records, storedBytes, uncompressedBytes, ratio }) => [
    codec,
    countText(batches),
    countText(records),
    bytesText(storedBytes),
    bytesText(uncompressedBytes),
    ratioText(ratio),
  ]);
  const numbers = ['batches', 'records', 'stored', 'uncompressed', 'ratio'];
  return `Codecs\n${plainTable([['codec', 'left'], ...numbers.map((name) => [name, 'right'] as const)], rows)}`;
}

/** What other codecs would make of it. */
export function whatIfSection({ batches, partitions, sampleBytes, storedRatio, results, unavailable }: WhatIf): string {
  const sample = `${plural(batches, 'batch', 'batches')} (format 2) of ${plural(partitions, 'partition')}, ${bytesText(sampleBytes)} uncompressed`;
  const rows = results.map(({ codec, level, isDefault, compressedBytes, ratio, megabytesPerSecond }) => [
    codec,
    level === null ? '' : String(level),
    isDefault ? 'default' : '',
    bytesText(compressedBytes),
    ratioText(ratio),
    megabytesPerSecond === null ? '-' : `${decimals(megabytesPerSecond, megabytesPerSecond < 10 ? 1 : 0)} MB/s`,
  ]);
  const missing =
    unavailable.length === 0 ? '' : `${INDENT}this engine does not compress with ${unavailable.join(', ')}\n`;
  return (
    `What if: a sample of ${sample}, ratio ${ratioText(storedRatio)} as it is, compressed on one thread of this machine\n` +
    plainTable(
      [
        ['codec', 'left'],
        ['level', 'right'],
        ['', 'left'],
        ['size', 'right'],
        ['ratio', 'right'],
        ['speed', 'right'],
      ],
      rows,
    ) +
    missing
  );
}

/** When records are from, and what is strange about it. */
export function timeSection({ timestamps, records }: Stats, now: number): string {
  const { min, max, createTimeBatches, appendTimeBatches, withoutTimestamp, outOfOrder } = timestamps;
  const of = (count: number, what: string): string[] =>
    count === 0 ? [] : [`${INDENT}${plural(count, 'record')} ${what} (${shareText(count, records)})\n`];
  const kinds = `CreateTime in ${plural(createTimeBatches, 'batch', 'batches')}, LogAppendTime in ${plural(appendTimeBatches, 'batch', 'batches')}`;
  return [
    min === null || max === null ? 'Timestamps: none\n' : `Timestamps: ${momentText(min)} to ${momentText(max)}\n`,
    `${INDENT}${kinds}\n`,
    ...of(
      outOfOrder,
      `with a time before that of the record in front, by ${spanText(timestamps.largestStepBackMs)} at the most`,
    ),
    ...of(withoutTimestamp, 'without a timestamp'),
    ...of(timestamps.before2001, 'from before 2001: seconds where milliseconds should be, mostly'),
    ...of(timestamps.inFuture, `from more than a day after ${momentText(now)}: retention by time waits for them`),
  ].join('');
}

/** Idempotent and transactional producers. */
export function producerSection({ producers }: Stats): string {
  const { distinct, isExact, idempotentBatches, transactionalBatches, controlBatches } = producers;
  if (distinct === 0 && controlBatches === 0) return '';
  const counts = [
    `${isExact ? '' : 'about '}${plural(distinct, 'producer')}`,
    plural(idempotentBatches, 'idempotent batch', 'idempotent batches'),
    plural(transactionalBatches, 'transactional batch', 'transactional batches'),
    plural(producers.commits, 'commit'),
    plural(producers.aborts, 'abort'),
    plural(producers.openTransactions, 'open transaction'),
    ...(producers.otherControlRecords === 0 ? [] : [plural(producers.otherControlRecords, 'other control record')]),
  ];
  const rows = producers.producers.slice(0, TOLD_PRODUCERS).map((producer) => {
    const { producerId, firstEpoch, lastEpoch, batches, records, commits, aborts, openSince } = producer;
    const epochs = firstEpoch === lastEpoch ? String(lastEpoch) : `${firstEpoch} to ${lastEpoch}`;
    const counted = [countText(batches), countText(records), countText(commits), countText(aborts)];
    return [producerId, epochs].concat(counted, openSince === null ? '' : String(openSince));
  });
  const names = ['producer', 'epoch', 'batches', 'records', 'commits', 'aborts', 'open since'];
  const table =
    rows.length === 0
      ? ''
      : plainTable(
          names.map((name) => [name, 'right'] as const),
          rows,
        );
  return `Producers: ${counts.join(', ')}\n${table}`;
}

/** How the log grew. */
export function growthSection({ growth: { bucketMs, buckets } }: Stats): string {
  if (buckets.length === 0) return '';
  const size = Math.ceil(buckets.length / GROWTH_ROWS);
  const rows = Array.from({ length: Math.ceil(buckets.length / size) }, (_, at) =>
    together(buckets.slice(at * size, (at + 1) * size)),
  );
  const most = Math.max(1, ...rows.map(({ bytes }) => bytes));
  const isEmpty = (at: number): boolean => rows[at]?.records === 0 && rows[at].bytes === 0;
  const lines = rows.flatMap(({ start, records, bytes }, at) => {
    // Of a long time without anything one line tells.
    if (isEmpty(at)) return isEmpty(at - 1) ? [] : [['...', '', '', '']];
    const bar = '█'.repeat(Math.ceil((BAR_CHARACTERS * bytes) / most));
    return [[momentText(start), countText(records), bytesText(bytes), bar]];
  });
  return (
    `Growth, in steps of ${spanText(size * bucketMs)}\n` +
    plainTable(
      [
        ['from', 'left'],
        ['records', 'right'],
        ['size in the log', 'right'],
        ['', 'left'],
      ],
      lines,
    )
  );
}

function together(buckets: readonly GrowthBucket[]): Pick<GrowthBucket, 'start' | 'records' | 'bytes'> {
  const sum = (of: (bucket: GrowthBucket) => number): number => buckets.reduce((all, bucket) => all + of(bucket), 0);
  return { start: buckets[0]?.start ?? 0, records: sum((of) => of.records), bytes: sum((of) => of.bytes) };
}
