/** How each side is told to do a work on records of one size: the same load for all, said in each one's words. */
import path from 'node:path';
import { kafka, rust, script, seglogBench } from '../harness/programs.mjs';
import { SIDES } from '../peers/sides.mjs';

/** Sides that take long over a record do fewer of them, by kind or by name; speeds are by the record all the same. */
const SHARE_OF_RECORDS = { node: 6, sqlite: 12, level: 24 };
/** Without a virtual machine that compiles for long, the second round is as fast as the third. */
const WARM_ENOUGH = 1;
/** What a record of a batch of 1000 takes in a .log file beside its value. */
export const RECORD_OVERHEAD_BYTES = 10;

/** How many records a side's rounds have. */
function recordsOf(side, records, batchRecords) {
  const share = SHARE_OF_RECORDS[side] ?? SHARE_OF_RECORDS[SIDES[side].kind] ?? 1;
  return Math.ceil(records / share / batchRecords) * batchRecords;
}

/** `seglog bench WORK` on a load. */
export function seglogProgram(engine, work, load, settings = {}) {
  const { directory, records, recordBytes, batchRecords, compression = 'none', all } = load;
  return seglogBench(engine, work, directory, {
    records: recordsOf(engine, records, batchRecords),
    'record-bytes': recordBytes,
    'batch-records': batchRecords,
    compression: compression === 'none' ? undefined : compression,
    rounds: all,
    ...settings,
  });
}

/** PeerLog on a load. */
export function kafkaProgram(work, { directory, records, recordBytes, batchRecords, compression = 'none', all }) {
  const place = path.join(directory, 'kafka');
  return kafka('PeerLog', [place, records, recordBytes, batchRecords, compression, all, work]);
}

/** One of the Node peers on a load. */
export function peerProgram(side, work, { directory, records, recordBytes, batchRecords, few }) {
  const place = path.join(directory, side);
  const count = recordsOf(side, records, batchRecords);
  return script('peers/peer-worker.mjs', [side, work, place, count, recordBytes, batchRecords, few]);
}

/** The Rust crate on a load. */
export function commitlogProgram(work, { directory, records, recordBytes, batchRecords, few }) {
  return rust('commitlog-peer', [work, path.join(directory, 'commitlog'), records, recordBytes, batchRecords, few]);
}

/** What the machine does at most with as many bytes as the log has. */
export function limitProgram(work, { directory, records, recordBytes, batchRecords, few }) {
  const bytes = recordBytes + RECORD_OVERHEAD_BYTES;
  return rust('limits', [work, path.join(directory, 'limits'), records, bytes, batchRecords, few]);
}

/**
 * The load that a turn's options say, of records of one size. `all` is how many rounds a process does, `few` how many where it
 * is warm sooner.
 */
export function loadOf({ directory, records, rounds, warm }, load = {}) {
  const few = rounds + Math.min(warm, WARM_ENOUGH);
  return { directory, records, recordBytes: 100, batchRecords: 1000, all: rounds + warm, few, ...load };
}

/** The records a second of a process's last rounds, which are the warm ones. */
export function recordSpeeds(...works) {
  return (lines, _warm, rounds) =>
    lines
      .filter(({ work }) => works.includes(work))
      .slice(-rounds)
      .map((line) => line.recordsPerSecond);
}
