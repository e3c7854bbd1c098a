/** What was measured as tables for people. */
import Table from 'cli-table3';
import { MOST_MEGABYTES } from './large-log.mjs';
import { MOST_PARTITION_SECONDS } from './open-partitions.mjs';
import { LEAST_LEFT, MOST_TIMES_LATENCY } from './while-cleaning.mjs';
import { MOST_SECONDS } from './open.mjs';
import { MOST_RETENTION_SECONDS } from './retention.mjs';

function millions(number) {
  return number >= 1e6 ? `${(number / 1e6).toFixed(2)} M/s` : `${(number / 1e3).toFixed(1)} k/s`;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

function speedText({ speed, reason }) {
  if (speed === undefined) return `not available: ${reason}`;
  return `${millions(speed.median)} (${millions(speed.least)} - ${millions(speed.most)})`;
}

/** Bytes in the .log file: who does not compress has it easy. */
function bytesText(bytesPerRecord) {
  return bytesPerRecord === undefined ? '' : bytesPerRecord.toFixed(0);
}

function verdict(target) {
  if (target?.least === undefined) return '';
  const aim = target.aim === undefined ? '' : ` aim ${target.aim}`;
  const met = target.aimReached ? 'aim met' : target.reached ? 'met' : 'BELOW';
  return `>= ${target.least}${aim}: ${met}`;
}

/** A table as lines of text. */
export function tableText(head, rows) {
  const table = new Table({ head, style: { head: [], border: [], compact: true } });
  table.push(...rows);
  return table.toString();
}

/** One line for each case and side: median with extremes, the ratio to Kafka's median, the promise. */
export function speedTable(results) {
  const rows = results.flatMap(({ name, sides }) =>
    ['kafka', 'native', 'ts'].map((side) => {
      const { ratio, target, bytesPerRecord } = sides[side];
      const ratioText = ratio === undefined ? '' : ratio.toFixed(2);
      return [
        side === 'kafka' ? name : '',
        side,
        speedText(sides[side]),
        bytesText(bytesPerRecord),
        ratioText,
        verdict(target),
      ];
    }),
  );
  return tableText(['work', 'engine', 'median (least - most)', 'B each', 'to Kafka', 'target'], rows);
}

export function copyText({ append, copy, share, target, reason }) {
  if (reason !== undefined) return `append against plain copies, 1 KB records: not available: ${reason}`;
  const speeds = `${Math.round(append.median)} of ${Math.round(copy.median)} MB/s`;
  return `append against plain copies, 1 KB records: ${percent(share)} (${speeds}; ${verdict(target)})`;
}

/** Syncs a second and appends that share one, next to a bare loop of writes and syncs. */
export function groupTable(results) {
  const rows = results.map(({ engine, syncs, bareSyncs, appends, group, share, target, groupTarget, reason }) => {
    if (reason !== undefined) return [engine, `not available: ${reason}`, '', '', '', '', ''];
    const groupText = `${group.median.toFixed(1)} (>= ${groupTarget.least}: ${groupTarget.reached ? 'met' : 'BELOW'})`;
    const [ours, bare] = [syncs, bareSyncs].map(({ median }) => Math.round(median));
    return [engine, millions(appends.median), ours, bare, percent(share), verdict(target), groupText];
  });
  return tableText(['engine', 'appends', 'syncs/s', 'bare syncs/s', 'share', 'target', 'mean group'], rows);
}

/** Compaction next to Kafka's cleaner; bytes are those of the sealed segments before. */
export function compactTable(results) {
  const rows = results.map(({ codec, side, speed, bytesAfter, resident, ratio, target, reason }) => {
    if (reason !== undefined) return [codec, side, `not available: ${reason}`, '', '', '', ''];
    const speeds = `${Math.round(speed.median)} MB/s (${Math.round(speed.least)} - ${Math.round(speed.most)})`;
    const ratioText = ratio === undefined ? '' : ratio.toFixed(2);
    return [codec, side, speeds, megabytes(bytesAfter / 1e6), megabytes(resident), ratioText, verdict(target)];
  });
  return tableText(['codec', 'engine', 'median (least - most)', 'left', 'peak RSS', 'to Kafka', 'target'], rows);
}

/** Appends beside a clean, as shares of appends alone. */
export function whileCleaningTable(results) {
  const rows = results.map(({ engine, speed, rate, latency, cleanMs, rateReached, latencyReached, reason }) => {
    if (reason !== undefined) return [engine, '', `not available: ${reason}`, '', '', ''];
    const rates = `${Math.round(rate.cleaning.median)} of ${Math.round(rate.alone.median)}/s: ${percent(rate.ratio)}`;
    const left = `>= ${percent(LEAST_LEFT[speed])}: ${rateReached ? 'met' : 'BELOW'}`;
    const tails = `${Math.round(latency.cleaning.median)} to ${Math.round(latency.alone.median)} us: ${latency.ratio.toFixed(2)}`;
    const times = `<= ${MOST_TIMES_LATENCY}: ${latencyReached ? 'met' : 'ABOVE'}`;
    return [engine, speed, `${rates} (${left})`, `${tails} (${times})`, `${Math.round(cleanMs.median)} ms`];
  });
  return tableText(['engine', 'speed', 'appends beside a clean', 'p99.9 beside a clean', 'clean'], rows);
}

/** Opening many partitions. */
export function openPartitionsTable(results) {
  const rows = results.map(({ engine, partitions, seconds, grownMegabytes, reached, reason }) => {
    if (reason !== undefined) return [engine, partitions, `not available: ${reason}`, '', ''];
    const time = `${seconds.median.toFixed(3)} s (to ${seconds.most.toFixed(3)})`;
    const met = `< ${MOST_PARTITION_SECONDS} s: ${reached ? 'met' : 'ABOVE'}`;
    return [engine, partitions, time, `${grownMegabytes.median.toFixed(1)} MB`, met];
  });
  return tableText(['engine', 'partitions', 'opening', 'memory it adds', 'target'], rows);
}

/** Deleting all segments of a partition: renaming them, and unlinking them later. */
export function retentionTable(results) {
  const rows = results.map(
    ({ engine, segments, seconds, longestMs, unlinkSeconds, unlinkLongestMs, reached, reason }) => {
      if (reason !== undefined) return [engine, segments, `not available: ${reason}`, '', '', '', ''];
      const time = `${seconds.median.toFixed(3)} s (to ${seconds.most.toFixed(3)})`;
      const met = `< ${MOST_RETENTION_SECONDS} s: ${reached ? 'met' : 'ABOVE'}`;
      const [stop, unlinkStop] = [longestMs, unlinkLongestMs].map(({ most }) => `${most.toFixed(0)} ms`);
      return [engine, segments, time, stop, met, `${unlinkSeconds.median.toFixed(3)} s`, unlinkStop];
    },
  );
  return tableText(
    ['engine', 'segments', 'deleting', 'longest stop', 'target', 'unlinking later', 'longest stop'],
    rows,
  );
}

/** Speeds now as ratios to those of an older version. */
export function beforeTable(results) {
  const rows = results.map(({ engine, work, before, now, ratio, target, reason }) => {
    if (reason !== undefined) return [work, engine, `not available: ${reason}`, '', '', ''];
    return [work, engine, speedText({ speed: before }), speedText({ speed: now }), ratio.toFixed(2), verdict(target)];
  });
  return tableText(['work', 'engine', 'before', 'now', 'ratio', 'target'], rows);
}

export function openTable(results) {
  const rows = results.map(
    ({ engine, batches, segments, indexMegabytes, seconds, grownMegabytes, reached, reason }) => {
      if (reason !== undefined) return [engine, '', `${batches} a segment`, `not available: ${reason}`, '', ''];
      const time = `${seconds.median.toFixed(3)} s (to ${seconds.most.toFixed(3)})`;
      const met = `< ${MOST_SECONDS} s: ${reached ? 'met' : 'ABOVE'}`;
      return [engine, segments, `${indexMegabytes} MB`, time, `${grownMegabytes.median.toFixed(1)} MB`, met];
    },
  );
  return tableText(['engine', 'segments', 'indexes', 'opening', 'memory it adds', 'target'], rows);
}

function megabytes(count) {
  return `${Math.round(count)} MB`;
}

export function memoryTable(results) {
  const rows = results.map(({ engine, work, seconds, peaks, reached, reason }) => {
    if (reason !== undefined) return [engine, work, `not available: ${reason}`, '', '', ''];
    const met = `< ${MOST_MEGABYTES} MB: ${reached ? 'met' : 'ABOVE'}`;
    return [engine, work, `${seconds.toFixed(1)} s`, megabytes(peaks.withoutLog), megabytes(peaks.resident), met];
  });
  return tableText(['engine', 'work', 'time', 'peak RSS less mapped log', 'peak RSS', 'target'], rows);
}
