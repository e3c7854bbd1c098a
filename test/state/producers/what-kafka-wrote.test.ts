/** The snapshots that Kafka wrote, made again from the batches that it wrote. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readEndTransactionMarker } from '../../../src/format/control-record.ts';
import type { ProducerBatch } from '../../../src/state/producers/producer-batch.ts';
import { type ExpectedBatch, expectedLines, FIXTURES, groupBy, readIfThere, segments } from '../../support/fixtures.ts';
import { inMemory, snapshotPath, stateIn, write } from './support.ts';

const bytes = (text: string | null): Uint8Array | null => (text === null ? null : Buffer.from(text, 'base64'));

/** Where the broker loaded a snapshot and went on: by then its producers, whose clocks say 2023, had expired. */
const RESTARTED: Readonly<Record<string, readonly number[]>> = { 'clean/f-idem-0': [1260, 2100] };
const THEN_MS = Date.UTC(2026, 10, 20);

function producerBatch(batch: ExpectedBatch, marker: ProducerBatch['marker']): ProducerBatch {
  return { ...batch, marker };
}

/** The batches of a log that have a producer, in order. */
function batchesOf(files: ReturnType<typeof segments>): ProducerBatch[] {
  const lines = files.flatMap((segment) => expectedLines(segment));
  return lines.flatMap((line, at) => {
    if (line.type !== 'batch' || line.producerId < 0) return [];
    const next = lines[at + 1];
    const record = line.isControl && next?.type === 'record' ? next : undefined;
    return [producerBatch(line, record && readEndTransactionMarker(bytes(record.key), bytes(record.value)))];
  });
}

const logs = groupBy(segments('clean', 'unclean'), ({ set, partition }) => join(set, partition)).filter(
  ([, files]) => files[0]?.file.startsWith('00000000000000000000') === true,
);

const snapshotsOf = (name: string): string[] =>
  readdirSync(join(FIXTURES, name)).filter((file) => file.endsWith('.snapshot'));

describe.each(logs.filter(([name]) => snapshotsOf(name).length > 0))('%s', (name, files) => {
  test('has the snapshots that its batches make', () => {
    const batches = batchesOf(files);
    const here = inMemory();
    for (const file of snapshotsOf(name)) {
      const offset = Number.parseInt(file, 10);
      const state = stateIn(here);
      let from = 0;
      for (const to of [...(RESTARTED[name] ?? []).filter((at) => at < offset), offset]) {
        if (from > 0) state.reloadAsFromSnapshot(THEN_MS);
        const part = batches.filter(({ baseOffset }) => baseOffset >= from && baseOffset < to);
        for (const batch of part) write(state, batch, 'replica');
        from = to;
      }
      state.updateMapEndOffset(offset);
      expect(state.takeSnapshot()).toBe(offset);
      const written = Buffer.from(here.fs.readSmall(snapshotPath(here, offset)) ?? []);
      expect(written.toString('hex'), file).toBe(readIfThere(join(FIXTURES, name, file))?.toString('hex'));
    }
  });
});
