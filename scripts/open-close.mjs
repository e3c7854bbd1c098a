/**
 * `node scripts/open-close.mjs --rounds 8000`: opens and closes logs and stores again and again, from dist/, and looks whether
 * descriptors, mappings or memory grow. `npm run sanitize -- --only leaks` runs it on both engines.
 *
 *     --rounds N       openings of each kind of thing; default 8000
 *
 * Prints one line of JSON. Exit code 1 when something grows. Run with --expose-gc, memory is looked at behind a collection.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { growths, sample, tooMuch } from './lib/growth.mjs';
import { say } from './lib/project.mjs';

const MIB = 1024 * 1024;
const SAMPLES = 50;
const CONFIG = { segmentBytes: 32 * 1024, retentionBytes: 64 * 1024, fileDeleteDelayMs: 0 };
/** The allocator and the heap find their size in the first thousands of rounds: a long run is judged by those behind them. */
const WARM_UP_ROUNDS = 4000;
/** A round that leaked a descriptor, a mapping or 2 KiB would show in the 4,000 rounds behind the warm-up. */
const MOST_GROWTH = { handles: 0.5, mappings: 16, rssBytes: 8 * MIB };
/** Without so many rounds memory is still finding its size. */
const MOST_SHORT_GROWTH = { handles: 0.5, mappings: 16, rssBytes: 24 * MIB };

/** One log: opened, written, read, closed. Every other one is closed without having been read. */
async function logRound({ Log, LogReader }, directory, round) {
  const log = await Log.open(directory, CONFIG);
  const compression = ['none', 'gzip', 'snappy', 'lz4', 'zstd'][round % 5];
  await log.append([{ key: `${round}`, value: 'x'.repeat(300) }], { compression });
  if (round % 2 === 0) {
    for await (const batch of log.read({ from: Math.max(log.logStartOffset, log.logEndOffset - 20) })) batch.records();
  }
  if (round % 16 === 0) await log.applyRetention();
  await log.close();
  const reader = LogReader.open(directory);
  for (const batch of reader.readSync({ from: Math.max(reader.logStartOffset, reader.logEndOffset - 3) }))
    batch.records();
  reader.close();
}

/** A store of three partitions, with its checkpoints and its lock. */
async function storeRound({ Store }, directory, round) {
  const store = await Store.open(directory, { periodicCleaning: false });
  if (round === 0) await store.createTopic({ name: 't', partitions: 3, config: CONFIG });
  for (let partition = 0; partition < 3; partition++) {
    await store.partition('t', partition).append({ key: 'key', value: `${round}` });
  }
  await store.close();
}

async function main() {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '8000' } } });
  const rounds = Number(values.rounds);
  if (!(rounds >= 50)) throw new Error('--rounds is a number from 50 on');
  const isLong = rounds >= 2 * WARM_UP_ROUNDS;
  const library = await import(new URL('../dist/index.js', import.meta.url).href);
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'seglog-open-close-'));
  try {
    const samples = [];
    for (let round = 0; round < rounds; round++) {
      await logRound(library, path.join(scratch, 't-0'), round);
      if (round % 8 === 0) await storeRound(library, path.join(scratch, 'store'), round);
      if ((round + 1) % Math.ceil(rounds / SAMPLES) === 0) {
        globalThis.gc?.();
        samples.push(sample());
      }
    }
    // Samples stand for rounds, not for times: a machine that stands still has not grown.
    for (const [at, one] of samples.entries()) one.atMs = at;
    const grown = isLong ? growths(samples, WARM_UP_ROUNDS / rounds) : growths(samples);
    const report = {
      engine: library.engineInfo().engine,
      rounds,
      warmUp: isLong ? WARM_UP_ROUNDS : undefined,
      grown,
      last: samples.at(-1),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
    const complaints = tooMuch(grown, isLong ? MOST_GROWTH : MOST_SHORT_GROWTH);
    for (const complaint of complaints) say(complaint);
    if (complaints.length > 0) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await main();
