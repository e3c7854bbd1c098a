import { describe, expect, test } from 'vitest';
import type { SeglogError } from '../../../src/errors/errors.ts';
import { encodeProducerSnapshot, type ProducerSnapshotEntry } from '../../../src/format/producer-snapshot.ts';
import { FaultyFileSystem } from '../../../src/fs/faulty-fs.ts';
import { ProducerState } from '../../../src/state/producers/producer-state.ts';
import {
  codeOf,
  crc32c,
  data,
  DAY_MS,
  inMemory,
  marker,
  onDisk,
  type Place,
  snapshotPath,
  snapshotsIn,
  stateIn,
  write,
} from './support.ts';

const NOW = 2000;

/** Puts any bytes where a snapshot would be. */
function plant(place: Place, offset: number, bytes: Uint8Array): void {
  place.fs.replaceSmall(snapshotPath(place, offset), bytes);
}

function bytesOf(place: Place, offset: number): Uint8Array {
  return place.fs.readSmall(snapshotPath(place, offset)) ?? new Uint8Array(0);
}

/** Snapshots with no producer in them. */
function plantEmpty(place: Place, ...offsets: number[]): void {
  for (const offset of offsets) plant(place, offset, encodeProducerSnapshot([], crc32c));
}

function expectCode(run: () => unknown, code: string): void {
  expect(codeOf(run)).toBe(code);
}

describe.each([
  ['in memory', inMemory],
  ['on disk', onDisk],
])('snapshots %s', (_where, place) => {
  test('hold what the next instance needs: the last batch of each producer, and open transactions', () => {
    const here = place();
    const state = stateIn(here);
    for (let at = 0; at < 7; at++) write(state, data(at, { baseSequence: at, maxTimestamp: 1000 + at }));
    write(state, data(7, { producerId: 2, producerEpoch: 4, isTransactional: true }));
    write(state, marker(8, 'commit', { producerId: 3, coordinatorEpoch: 6 }));
    expect(state.takeSnapshot()).toBe(9);

    const next = stateIn(here);
    next.truncateAndReload(0, 9, NOW);
    expect(next.mapEndOffset).toBe(9);
    expect(next.entries()).toEqual(state.entries());
    expect(next.entries()).toMatchObject([
      { producerId: 1, lastSequence: 6, lastOffset: 6, lastTimestamp: 1006 },
      { producerId: 2, producerEpoch: 4, currentTxnFirstOffset: 7 },
      { producerId: 3, lastOffset: -1, coordinatorEpoch: 6 },
    ]);
    expect(next.firstUnstableOffset).toBe(7);
    expect(next.findDuplicate(data(9, { baseSequence: 6 }))).toEqual({
      firstOffset: 6,
      lastOffset: 6,
      timestamp: 1006,
    });
    expect(next.findDuplicate(data(9, { baseSequence: 5 }))).toBeUndefined();
    write(next, data(9, { baseSequence: 7 }));
    write(next, marker(10, 'abort', { producerId: 2, producerEpoch: 4 }));
  });

  test('are skipped while nothing came in since the last one', () => {
    const here = place();
    const state = stateIn(here);
    expect(state.takeSnapshot()).toBeUndefined();
    write(state, data(0));
    expect(state.takeSnapshot({ sync: true })).toBe(1);
    expect(state.takeSnapshot()).toBeUndefined();
    state.updateMapEndOffset(5);
    expect(state.takeSnapshot()).toBe(5);
    expect(snapshotsIn(here)).toEqual([1, 5]);
    expect([state.oldestSnapshotOffset, state.latestSnapshotOffset]).toEqual([1, 5]);
  });

  test.each([
    ['cut short', (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length - 5), 'CORRUPT_SNAPSHOT'],
    [
      'with a wrong byte',
      (bytes: Uint8Array): Uint8Array => bytes.with(30, bytes[30] === 1 ? 2 : 1),
      'CORRUPT_SNAPSHOT',
    ],
    ['that are empty', (): Uint8Array => new Uint8Array(0), 'CORRUPT_SNAPSHOT'],
    ['of a later version', (bytes: Uint8Array): Uint8Array => bytes.with(1, 2), 'UNSUPPORTED_VERSION'],
  ])('%s are removed, and the next older one is taken', (_what, damage, code) => {
    const here = place();
    const state = stateIn(here);
    write(state, data(0));
    state.takeSnapshot();
    write(state, data(1, { baseSequence: 1 }));
    state.takeSnapshot();
    plant(here, 2, damage(bytesOf(here, 2)));

    const problems: SeglogError[] = [];
    const next = stateIn(here, (problem) => problems.push(problem));
    next.truncateAndReload(0, 2, NOW);
    expect(problems).toMatchObject([{ code, file: snapshotPath(here, 2) }]);
    expect(snapshotsIn(here)).toEqual([1]);
    expect([next.mapEndOffset, next.latestSnapshotOffset]).toEqual([1, 1]);
    expect(next.entries()).toMatchObject([{ lastSequence: 0 }]);
    write(next, data(1, { baseSequence: 1 }));
    expect(next.takeSnapshot()).toBe(2);
  });

  test('that are all damaged leave nothing, and the replay starts at the start of the log', () => {
    const here = place();
    plant(here, 5, new Uint8Array(3));
    plant(here, 7, new Uint8Array(100));
    const state = stateIn(here);
    write(state, data(0));
    state.truncateAndReload(4, 9, NOW);
    expect([state.count, state.mapEndOffset, state.latestSnapshotOffset]).toEqual([0, 4, undefined]);
    expect(snapshotsIn(here)).toEqual([]);
    expect(state.takeSnapshot()).toBeUndefined();
  });

  test.each(['producerId', 'lastOffset', 'timestamp', 'currentTxnFirstOffset'] as const)(
    'whose %s is beyond 2^53 are damaged',
    (field) => {
      const here = place();
      const whole: ProducerSnapshotEntry = {
        ...{ producerId: 1n, producerEpoch: 0, lastSequence: 0, lastOffset: 0n, offsetDelta: 0, timestamp: 1n },
        ...{ coordinatorEpoch: -1, currentTxnFirstOffset: -1n },
      };
      const entry = { ...whole, [field]: 9007199254740993n };
      plant(here, 5, encodeProducerSnapshot([entry], crc32c));
      const problems: SeglogError[] = [];
      const state = stateIn(here, (problem) => problems.push(problem));
      state.truncateAndReload(0, 5, NOW);
      expect(problems).toMatchObject([{ code: 'CORRUPT_SNAPSHOT', found: 9007199254740993n }]);
      expect([state.count, snapshotsIn(here)]).toEqual([0, []]);
    },
  );

  test('above the end of the log, and at or below its start, are removed', () => {
    const here = place();
    plantEmpty(here, 3, 5, 7, 9);
    const state = stateIn(here);
    state.truncateAndReload(3, 8, NOW);
    expect(snapshotsIn(here)).toEqual([5, 7]);
    expect(state.mapEndOffset).toBe(7);
  });

  test('stay unread when the state ends where the log does', () => {
    const here = place();
    const state = stateIn(here);
    write(state, data(0));
    write(state, data(1, { baseSequence: 1 }));
    plantEmpty(here, 2);
    state.truncateAndReload(0, 2, NOW);
    expect(state.get(1)?.batches).toHaveLength(2);
  });

  test('drop producers that have expired by the time they are loaded, without an open transaction', () => {
    const here = place();
    const state = stateIn(here);
    write(state, data(0));
    write(state, data(1, { producerId: 2, isTransactional: true }));
    state.takeSnapshot();
    const next = stateIn(here);
    next.truncateAndReload(0, 2, 1000 + DAY_MS);
    expect(next.entries()).toMatchObject([{ producerId: 2 }]);
    expect(next.firstUnstableOffset).toBe(1);
    expect(state.count).toBe(2);
  });

  test('that stray from the segments go, but for the newest above them all: it is of a clean shutdown', () => {
    const here = place();
    plantEmpty(here, 1, 2, 5, 6, 7);
    const state = stateIn(here);
    state.removeStraySnapshots([1, 5]);
    expect(snapshotsIn(here)).toEqual([1, 5, 7]);
    expect(state.latestSnapshotOffset).toBe(7);
  });

  test('that stray below the last segment go, all of them', () => {
    const here = place();
    plantEmpty(here, 1, 2, 3);
    const state = stateIn(here);
    state.removeStraySnapshots([0, 1, 4]);
    expect(snapshotsIn(here)).toEqual([1]);
    expect([state.oldestSnapshotOffset, state.latestSnapshotOffset]).toEqual([1, 1]);
  });

  test('are removed one by one, below an offset, or all', () => {
    const here = place();
    plantEmpty(here, 1, 2, 3, 4);
    const state = stateIn(here);
    state.deleteSnapshotsBefore(3);
    expect(snapshotsIn(here)).toEqual([3, 4]);
    state.deleteSnapshot(4);
    state.deleteSnapshot(4);
    expect(snapshotsIn(here)).toEqual([3]);
    write(state, data(5, { isTransactional: true }));
    state.truncateFullyAndStartAt(40);
    expect(snapshotsIn(here)).toEqual([]);
    expect([state.count, state.mapEndOffset, state.firstUnstableOffset, state.latestSnapshotOffset]).toEqual([
      ...[0, 40, undefined, undefined],
    ]);
    expect(state.takeSnapshot()).toBe(40);
  });

  test('are given by the caller instead of listed, and one that is gone meanwhile is passed over', () => {
    const here = place();
    plantEmpty(here, 2);
    const state = new ProducerState({ ...here, crc32c, expirationMs: DAY_MS, snapshotOffsets: [5, 2] });
    expect(state.latestSnapshotOffset).toBe(5);
    state.truncateAndReload(0, 9, NOW);
    expect([state.mapEndOffset, state.latestSnapshotOffset]).toEqual([2, 2]);
  });

  test('of the same offset replace one another whole', () => {
    const here = place();
    plant(here, 1, new Uint8Array(500).fill(7));
    const state = stateIn(here);
    write(state, data(0));
    expect(state.takeSnapshot()).toBe(1);
    expect(bytesOf(here, 1)).toHaveLength(56);
    const next = stateIn(here);
    next.truncateAndReload(0, 1, NOW);
    expect(next.entries()).toEqual(state.entries());
  });
});

test('names that are no snapshots are left alone', () => {
  const here = inMemory();
  for (const name of ['00000000000000000003.snapshot.deleted', '3.snapshot', 'notes.snapshot']) {
    here.fs.replaceSmall(`${here.directory}/${name}`, new Uint8Array(1));
  }
  const state = stateIn(here);
  expect(state.latestSnapshotOffset).toBeUndefined();
  state.truncateFullyAndStartAt(0);
  expect(here.fs.list(here.directory)).toHaveLength(3);
});

test('a directory in the place of a snapshot is told of, and stays', () => {
  const here = onDisk();
  here.fs.makeDirectory(snapshotPath(here, 3));
  const problems: SeglogError[] = [];
  const state = stateIn(here, (problem) => problems.push(problem));
  state.truncateAndReload(0, 3, NOW);
  expect(problems).toMatchObject([{ code: 'NOT_A_REGULAR_FILE' }]);
  expect(here.fs.stat(snapshotPath(here, 3))?.isDirectory).toBe(true);
});

test('a snapshot that could not be written is no snapshot, and is tried again', () => {
  const inner = inMemory();
  const fs = new FaultyFileSystem(inner.fs);
  const state = stateIn({ fs, directory: inner.directory });
  write(state, data(0));
  fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC' });
  expectCode(() => state.takeSnapshot(), 'IO');
  expect(state.latestSnapshotOffset).toBeUndefined();
  expect(state.takeSnapshot()).toBe(1);
});

test('a snapshot that could not be replaced is one no more', () => {
  const inner = inMemory();
  plantEmpty(inner, 1);
  const fs = new FaultyFileSystem(inner.fs);
  const state = stateIn({ fs, directory: inner.directory });
  expect(state.latestSnapshotOffset).toBe(1);
  write(state, data(0));
  fs.plan({ operation: 'write', call: 1, errno: 'ENOSPC' });
  expectCode(() => state.takeSnapshot(), 'IO');
  expect(state.latestSnapshotOffset).toBeUndefined();
});

test('a log that starts anew below its last snapshot gets one there', () => {
  const here = inMemory();
  const state = stateIn(here);
  write(state, data(8));
  expect(state.takeSnapshot()).toBe(9);
  state.truncateFullyAndStartAt(4);
  expect(state.takeSnapshot()).toBe(4);
});

test('the start of the log needs no snapshot, and the state reaches at least there', () => {
  const here = inMemory();
  const state = stateIn(here);
  write(state, data(5));
  state.onLogStartIncremented(6);
  expect(state.takeSnapshot()).toBeUndefined();
  state.onLogStartIncremented(8);
  expect([state.mapEndOffset, state.takeSnapshot(), state.count]).toEqual([8, undefined, 1]);
  write(state, data(8, { baseSequence: 1 }));
  expect(state.takeSnapshot()).toBe(9);
  state.onLogStartIncremented(7);
  expect(state.takeSnapshot()).toBeUndefined();
});

test('a snapshot that cannot be read for now is kept, and the error is not hidden', () => {
  const inner = inMemory();
  const fs = new FaultyFileSystem(inner.fs);
  const state = stateIn({ fs, directory: inner.directory });
  write(state, data(0));
  state.takeSnapshot();
  const next = stateIn({ fs, directory: inner.directory });
  fs.plan({ operation: 'read', call: 1, errno: 'EIO', forGood: true });
  expectCode(() => next.truncateAndReload(0, 1, NOW), 'IO');
  expect(snapshotsIn(inner)).toEqual([1]);
});

test('reloading as from a snapshot is the same as writing one and loading it, without the file', () => {
  const here = inMemory();
  const build = (): ProducerState => {
    const state = stateIn(here);
    for (let at = 0; at < 3; at++) write(state, data(at, { baseSequence: at }));
    write(state, data(3, { producerId: 2, isTransactional: true }));
    write(state, data(4, { producerId: 3, isTransactional: true, maxTimestamp: 5000 }));
    write(state, marker(5, 'commit', { producerId: 3, maxTimestamp: 9000 }));
    return state;
  };
  const now = 1000 + DAY_MS;
  const state = build();
  state.reloadAsFromSnapshot(now);
  expect(snapshotsIn(here)).toEqual([]);
  expect(state.mapEndOffset).toBe(6);

  build().takeSnapshot();
  const loaded = stateIn(here);
  loaded.truncateAndReload(0, 6, now);
  expect(state.entries()).toEqual(loaded.entries());
  expect(state.entries().map(({ producerId }) => producerId)).toEqual([2, 3]);
  expect(state.get(3)).toEqual(loaded.get(3));
  expect([state.firstUnstableOffset, loaded.firstUnstableOffset]).toEqual([3, 3]);
  expect(state.takeSnapshot()).toBe(6);
});
