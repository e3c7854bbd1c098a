/** The live view of `seglog store run`: what it says, and that it fits. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { RunEvent } from '../../../src/cli/store-run/event-text.ts';
import { type Seen, type TopicRow, viewLines } from '../../../src/cli/store-run/view.ts';
import { SeglogError, type StoreStatus } from '../../../src/index.ts';

const BROKEN = new SeglogError('IO', 'the disk says no');

function status(more: Partial<StoreStatus> = {}): StoreStatus {
  const directory = { directoryId: 'x', partitions: 3, sizeBytes: 1_500_000 };
  return {
    ...{ clusterId: 'c', nodeId: 1, topics: 2, partitions: 3, troubled: [], uncleanable: [], cleaning: [] },
    ...{ deleting: [], stray: [], future: [], problems: [] },
    directories: [
      { ...directory, path: '/data/a', isOnline: true, problem: undefined },
      { ...directory, path: '/data/b', isOnline: false, problem: BROKEN },
    ],
    ...more,
  };
}

function row(name: string, dirtyRatio?: number): TopicRow {
  return { name, partitions: 3, segments: 12, sizeBytes: 2_000_000, dirtyRatio, policy: 'compact' };
}

function event(number: number): RunEvent {
  const fields = { event: 'segment_rolled', topic: 't', partition: 1, baseOffset: number, reason: undefined };
  return { timeMs: 1_000_000 + number, level: 'info', fields, message: 'segment rolled' };
}

function seen(more: Partial<Seen> = {}): Seen {
  return {
    ...{ status: status(), topics: [row('events'), row('users', 0.639)], cleanerThreads: 2 },
    ...{ upMs: 3_723_000, lastRetention: undefined, recent: [event(0)] },
    ...more,
  };
}

const WIDE = { columns: 200, rows: 40 };

it('shows directories, topics, idle threads and the last events', () => {
  expect(viewLines(seen(), WIDE)).toEqual([
    'seglog store run: 2 log directories, 2 topics, 3 partitions, up 1:02:03; Ctrl-C stops',
    '  online  3 partitions, 1.5 MB  /data/a',
    '  OFFLINE 3 partitions, 1.5 MB  /data/b',
    '  2 of 2 cleaner threads idle',
    '  last retention: nothing deleted so far',
    '  topic  partitions segments        size  dirty  policy',
    '  events          3       12      2.0 MB      -  compact',
    '  users           3       12      2.0 MB   63 %  compact',
    'recent',
    '  00:16:40 info t-1 segment rolled baseOffset=0',
  ]);
});

it('shows what each cleaner thread does, and how far it is', () => {
  const cleaning = [
    { topic: 'users', partition: 0, elapsedMs: 61_000, progress: { phase: 'map', doneBytes: 5e6, totalBytes: 1e7 } },
    { topic: 'users', partition: 1, elapsedMs: 500, progress: undefined },
  ] as const;
  const lines = viewLines(seen({ status: status({ cleaning }), cleanerThreads: 3 }), WIDE);
  expect(lines.slice(3, 6)).toEqual([
    `  cleaning users-0: map   ${'█'.repeat(12)}${'░'.repeat(12)} 50 % of 10.0 MB, 0:01:01`,
    '  cleaning users-1: waiting for a thread, 0:00:00',
    '  1 of 3 cleaner threads idle',
  ]);
});

it('shows problems, partitions that are offline or uncleanable, and what waits for its removal', () => {
  const lines = viewLines(
    seen({
      status: status({
        troubled: [{ topic: 't', partition: 0, problem: BROKEN }],
        uncleanable: [{ topic: 'u', partition: 1, failures: 5, isGivenUp: true, problem: BROKEN }],
        deleting: ['/data/a/x-delete'],
        problems: [BROKEN],
      }),
      lastRetention: event(7),
    }),
    WIDE,
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      '  1 partitions offline or closed to appends',
      '  uncleanable u-1 (5): the disk says no',
      '  1 deleted partitions wait for their removal',
      '  problem: the disk says no',
      '  last retention: 00:16:40 info t-1 segment rolled baseOffset=7',
    ]),
  );
});

it('fits any terminal, and lets nothing in a name steer it', () => {
  const names = fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 60 });
  fc.assert(
    fc.property(names, fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: 60 }), (topics, columns, rows) => {
      const recent = Array.from({ length: 50 }, (_, number) => event(number));
      const lines = viewLines(seen({ topics: topics.map((name) => row(name)), recent }), { columns, rows });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) {
        expect(Array.from(line).length).toBeLessThanOrEqual(columns);
        expect(line).not.toMatch(/\p{Cc}/u);
      }
    }),
    { numRuns: 30 },
  );
});

it('leaves out the smaller topics and the older events where there is no room', () => {
  const topics = Array.from({ length: 30 }, (_, number) => row(`topic-${number}`));
  const recent = Array.from({ length: 50 }, (_, number) => event(number));
  const lines = viewLines(seen({ topics, recent }), { columns: 100, rows: 24 });
  expect(lines).toHaveLength(24);
  expect(lines.find((line) => line.includes('smaller ones'))).toMatch(/^ {2}and \d+ smaller ones$/);
  expect(lines.at(-1)).toContain('baseOffset=49');
});
