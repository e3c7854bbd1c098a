/**
 * What the machine can do at most for each work, without a log around it: more sides of the works, run in turn with the others
 * by bench/peers/rust's `limits`. Where there are several, the best one is the limit: the share that an engine reaches is of that.
 */
import path from 'node:path';
import { rust } from '../harness/programs.mjs';
import { limitProgram, loadOf } from './program-makers.mjs';

const KILOBYTE = { recordBytes: 1000 };

function fifthOf(options) {
  return { ...options, records: Math.ceil(options.records / 5000) * 1000 };
}

/** On as many records as the work has, as many bytes each. */
function onRecords(names, prepare = (options) => options) {
  return Object.fromEntries(names.map((name) => [name, (options) => limitProgram(name, loadOf(prepare(options)))]));
}

/** What is kept of five records of a key is one; segments of the work `compact` have about so many bytes a record. */
const KEYED_RECORD_BYTES = 118;
const COMPACTED = { usual: 5_000_000, quick: 2_500_000 };
const RECORDS_PER_KEY = 5;

function rewrite({ directory, rounds, warm, quick }) {
  const records = quick ? COMPACTED.quick : COMPACTED.usual;
  const place = path.join(directory, 'limits');
  return rust('limits', ['rewrite', place, records, KEYED_RECORD_BYTES, RECORDS_PER_KEY, rounds + Math.min(warm, 1)]);
}

/** A segment of the works of retention is a .log, an .index and a .timeindex. */
const FILES_OF_A_SEGMENT = 3;

function onNames(name) {
  return ({ directory, segments, rounds }) =>
    rust('limits', [name, path.join(directory, 'limits'), segments * FILES_OF_A_SEGMENT, 0, 1, rounds]);
}

const wholeFile = {
  sides: { cat: ({ made }) => rust('limits', ['cat', made.all.file]) },
  limits: ['cat'],
};

function kilobytes(names) {
  const sides = names.map((name) => [name, (options) => limitProgram(name, loadOf(fifthOf(options), KILOBYTE))]);
  return { sides: Object.fromEntries(sides), limits: names };
}

const reading = { sides: onRecords(['pread']), limits: ['pread'] };
const compacting = { sides: { rewrite }, limits: ['rewrite'] };

/** By the names of works: the sides that they get, and which of their sides are limits. */
const LIMITS = {
  append: { sides: onRecords(['copy', 'populated', 'write']), limits: ['copy', 'write'] },
  'append-one': { sides: onRecords(['copy', 'write'], fifthOf), limits: ['copy', 'write'] },
  'append-idempotent': { sides: onRecords(['write']), limits: ['write'] },
  'append-transactional': { sides: onRecords(['write']), limits: ['write'] },
  'append-1k': kilobytes(['copy', 'write']),
  read: reading,
  'read-objects': reading,
  'read-1k': kilobytes(['pread']),
  recover: reading,
  seek: { sides: onRecords(['point']), limits: ['point'] },
  compact: compacting,
  'durable-one': { sides: {}, limits: ['fdatasync'] },
  retention: { sides: { rename: onNames('rename') }, limits: ['rename'] },
  'retention-unlink': { sides: { unlink: onNames('unlink') }, limits: ['unlink'] },
  verify: wholeFile,
  dump: wholeFile,
};

const ofLimits = (line) => line.peer === 'limits';

/** A work with its limits; one that has none is left as it is. */
export function withLimits(work) {
  const found = LIMITS[work.name];
  if (found === undefined) return work;
  const { unit, value } = work;
  const ofLines = (lines, warm, rounds) => {
    if (value === undefined || !lines.some(ofLimits)) return value(lines, warm, rounds);
    const last = lines.filter(ofLimits).slice(-rounds);
    if (unit === 's') return last.map(({ seconds }) => seconds);
    return last.map((line) => (unit === 'MB/s' ? line.megabytesPerSecond : line.recordsPerSecond));
  };
  return {
    ...work,
    // What a work says itself of a limit, such as how often it is repeated, counts.
    sides: { ...found.sides, ...work.sides },
    limits: found.limits,
    value: value === undefined ? undefined : ofLines,
  };
}
