/**
 * Compaction: Kafka's own cleaner and seglog's, in turns, on the same kind of log: 100 B records, 1000 a batch, segments of
 * 100 MiB, random keys of which there are a fifth as many as records. With the peak memory of each process; the rounds of a
 * process include making the log, and so does its memory.
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { peerCommand } from '../../scripts/peer.mjs';
import { canMeasure, watchMemory } from './memory.mjs';
import { runProgram, seglogBench, SIDES } from './programs.mjs';
import { summary } from './statistics.mjs';

const RECORD_BYTES = 100;
/** 5 million records of a million keys; fewer make no sealed segment. */
const RECORDS = 5_000_000;
const RECORDS_PER_KEY = 5;
const CODECS = ['none', 'lz4'];
const TARGETS = { native: { least: 4 } };

function programOf(side, codec, directory, rounds) {
  const keys = RECORDS / RECORDS_PER_KEY;
  if (side === 'kafka') {
    const args = [path.join(directory, 'kafka'), RECORDS, RECORD_BYTES, keys, codec, rounds];
    return { ...peerCommand('PeerCleaner', args), env: {}, needs: undefined };
  }
  return seglogBench(side, 'compact', directory, {
    records: RECORDS,
    'record-bytes': RECORD_BYTES,
    'distinct-keys': keys,
    compression: codec,
    rounds,
  });
}

async function runSide(side, codec, { directory, rounds, warm }) {
  const peaks = {};
  const watch = canMeasure ? watchMemory(directory, peaks) : undefined;
  const { ok, lines, reason } = await runProgram(programOf(side, codec, directory, rounds + warm), { watch });
  rmSync(directory, { recursive: true, force: true });
  if (!ok) return { reason, speeds: [] };
  const warmed = lines.filter(({ round }) => round >= warm);
  return {
    speeds: warmed.map(({ megabytesPerSecond }) => megabytesPerSecond),
    bytesAfter: warmed[0]?.bytesAfter,
    peaks,
  };
}

function targetOf(side, ratio) {
  const target = TARGETS[side];
  return target === undefined || ratio === undefined ? undefined : { ...target, reached: ratio >= target.least };
}

async function runCodec(codec, options, { available, say }) {
  const sides = Object.fromEntries(SIDES.map((side) => [side, { speeds: [], resident: 0, reason: available[side] }]));
  for (let cycle = 0; cycle < options.cycles; cycle++) {
    for (const side of SIDES) {
      const known = sides[side];
      if (known.reason !== undefined) continue;
      say(`compact, ${codec}: ${side}, turn ${cycle + 1} of ${options.cycles}`);
      const { speeds, bytesAfter, peaks, reason } = await runSide(side, codec, options);
      known.speeds.push(...speeds);
      known.reason = reason;
      known.bytesAfter = bytesAfter;
      known.resident = Math.max(known.resident, peaks?.withoutLog ?? 0);
    }
  }
  for (const side of SIDES) if (sides[side].reason === undefined) sides[side].speed = summary(sides[side].speeds);
  const kafka = sides.kafka.speed?.median;
  return SIDES.map((side) => {
    const { reason, speed, bytesAfter, resident } = sides[side];
    if (reason !== undefined) return { codec, side, reason };
    const ratio = side === 'kafka' || kafka === undefined ? undefined : speed.median / kafka;
    return { codec, side, speed, bytesAfter, resident, ratio, target: targetOf(side, ratio) };
  });
}

/** For each codec and side `{ codec, side, speed, resident, ratio?, target? }` with speeds in MB/s, or `reason`. */
export async function runCompactCase(options, context) {
  const results = [];
  for (const codec of CODECS) results.push(...(await runCodec(codec, options, context)));
  return results;
}
