/**
 * A partition of very many segments that takes little of the disk: each holds one batch with one record, whose value is a MiB of
 * zeros, and the file system keeps no block for those. The checksum of a batch does not cover its base offset, and index entries are
 * relative to it: so one segment that the engine wrote gives all of them.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { Log } from '../../dist/index.js';

const VALUE_BYTES = 1 << 20;
const MAX_MESSAGE_BYTES = 2 * VALUE_BYTES;
const NAME_DIGITS = 20;
const EPOCHS = 'leader-epoch-checkpoint';
const SEGMENTS_A_TURN = 1000;

function nameOf(baseOffset, extension) {
  return `${String(baseOffset).padStart(NAME_DIGITS, '0')}.${extension}`;
}

/** The files of one sealed segment with one such batch. */
async function makeTemplate(directory) {
  rmSync(directory, { recursive: true, force: true });
  const log = await Log.open(directory, { segmentBytes: VALUE_BYTES + 1024, maxMessageBytes: MAX_MESSAGE_BYTES });
  for (let i = 0; i < 2; i++) log.appendSync({ value: new Uint8Array(VALUE_BYTES), timestamp: Date.now() });
  await log.close();
  const read = (extension) => readFileSync(path.join(directory, nameOf(0, extension)));
  const epochs = readFileSync(path.join(directory, EPOCHS));
  const template = { log: read('log'), index: read('index'), timeindex: read('timeindex'), epochs };
  rmSync(directory, { recursive: true, force: true });
  return template;
}

/** How many bytes a file of the batch has before the zeros that fill the rest. */
function headLength(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return end;
}

function writeSegment(directory, baseOffset, head, { log, index, timeindex }) {
  head.writeBigInt64BE(BigInt(baseOffset), 0);
  const file = openSync(path.join(directory, nameOf(baseOffset, 'log')), 'wx');
  writeSync(file, head);
  ftruncateSync(file, log.length);
  closeSync(file);
  writeFileSync(path.join(directory, nameOf(baseOffset, 'index')), index);
  writeFileSync(path.join(directory, nameOf(baseOffset, 'timeindex')), timeindex);
}

/** Makes the partition, and has the engine open and close it once, so that it is marked as closed clean. */
export async function makeSparse(directory, segments) {
  const template = await makeTemplate(directory);
  const head = Buffer.from(template.log.subarray(0, headLength(template.log)));
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, EPOCHS), template.epochs);
  for (let i = 0; i < segments; i++) {
    writeSegment(directory, i, head, template);
    if (i % SEGMENTS_A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const log = await Log.open(directory, { recovery: { clean: true } });
  const { logEndOffset } = log;
  await log.close();
  if (logEndOffset !== segments) throw new Error(`the sparse partition ends at ${logEndOffset}, not at ${segments}`);
  process.stdout.write(`${JSON.stringify({ work: 'sparse', segments })}\n`);
}
