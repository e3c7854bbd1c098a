import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOG_CONFIG_NAMES, type LogConfig, logConfig, parseLogConfig } from '../../src/config/log-config.ts';

/** Kafka's table: name, our key, default, and the ends of what is allowed (none: any). */
const NUMBERS: [name: string, key: keyof LogConfig, usual: number, min: number | undefined, max: number | undefined][] =
  [
    ['segment.bytes', 'segmentBytes', 1073741824, 14, 2147483647],
    ['segment.ms', 'segmentMs', 604800000, 1, undefined],
    ['segment.jitter.ms', 'segmentJitterMs', 0, 0, undefined],
    ['segment.index.bytes', 'segmentIndexBytes', 10485760, 4, 2147483647],
    ['index.interval.bytes', 'indexIntervalBytes', 4096, 0, 2147483647],
    ['max.message.bytes', 'maxMessageBytes', 1048588, 0, 2147483647],
    ['compression.gzip.level', 'compressionGzipLevel', -1, -1, 9],
    ['compression.lz4.level', 'compressionLz4Level', 9, 1, 17],
    ['compression.zstd.level', 'compressionZstdLevel', 3, -131072, 22],
    ['message.timestamp.before.max.ms', 'messageTimestampBeforeMaxMs', Infinity, 0, undefined],
    ['message.timestamp.after.max.ms', 'messageTimestampAfterMaxMs', 3600000, 0, undefined],
    ['flush.messages', 'flushMessages', Infinity, 1, undefined],
    ['flush.ms', 'flushMs', Infinity, 0, undefined],
    ['retention.bytes', 'retentionBytes', -1, undefined, undefined],
    ['retention.ms', 'retentionMs', 604800000, -1, undefined],
    ['delete.retention.ms', 'deleteRetentionMs', 86400000, 0, undefined],
    ['file.delete.delay.ms', 'fileDeleteDelayMs', 60000, 0, undefined],
    ['min.compaction.lag.ms', 'minCompactionLagMs', 0, 0, undefined],
    ['max.compaction.lag.ms', 'maxCompactionLagMs', Infinity, 1, undefined],
    ['min.cleanable.dirty.ratio', 'minCleanableDirtyRatio', 0.5, 0, 1],
  ];
const OTHERS: [name: string, key: keyof LogConfig, usual: unknown][] = [
  ['preallocate', 'preallocate', false],
  ['compression.type', 'compressionType', 'producer'],
  ['message.timestamp.type', 'messageTimestampType', 'CreateTime'],
  ['cleanup.policy', 'cleanupPolicy', ['delete']],
];

const invalid = (...texts: (string | RegExp)[]): unknown[] =>
  texts.map((text) => expect.objectContaining({ code: 'INVALID_CONFIG', message: expect.stringMatching(text) }));
function expectInvalid(run: () => unknown, ...texts: (string | RegExp)[]): void {
  for (const error of invalid(...texts)) expect(run).toThrow(error);
}

describe('the configuration', () => {
  test("has Kafka's names and defaults, and no others", () => {
    const all = [...NUMBERS, ...OTHERS];
    expect([...LOG_CONFIG_NAMES].sort()).toEqual(all.map(([name]) => name).sort());
    expect(logConfig()).toEqual(Object.fromEntries(all.map(([, key, usual]) => [key, usual])));
  });

  test.each(NUMBERS)('%s is checked at the ends of its range', (name, key, usual, min, max) => {
    const isWhole = key !== 'minCleanableDirtyRatio';
    const withValue = (value: unknown): unknown => logConfig({ maxCompactionLagMs: Infinity, [key]: value })[key];
    for (const good of [min, max, usual]) {
      if (good === undefined) continue;
      expect(withValue(good)).toBe(good);
      if (good !== Infinity) expect(parseLogConfig([[name, String(good)]])).toEqual({ [key]: good });
    }
    for (const bad of [
      min === undefined ? NaN : min - 1,
      max === undefined ? NaN : max + 1,
      NaN,
      '7',
      null,
      isWhole ? 1000.5 : 2,
    ]) {
      expectInvalid(() => withValue(bad), name, 'expected');
    }
    for (const bad of [
      '',
      'x',
      '1e3',
      '0x10',
      ' 7',
      '7 ',
      '--7',
      isWhole ? '1.5' : '1.',
      ...(min === undefined ? [] : [String(min - 1)]),
      ...(max === undefined ? [] : [String(max + 1)]),
    ]) {
      expectInvalid(() => parseLogConfig([[name, bad]]), name, 'found');
    }
  });

  test.each(NUMBERS.filter(([, , , , max]) => max === undefined))(
    "%s is without limit with Kafka's largest number",
    (name, key) => {
      expect(parseLogConfig([[name, '9223372036854775807']])).toEqual({ [key]: Infinity });
      expect(logConfig({ [key]: Infinity })[key]).toBe(Infinity);
    },
  );

  test.each(['segment.bytes', 'segment.index.bytes', 'index.interval.bytes', 'max.message.bytes'])(
    '%s is an int32 and never without limit',
    (name) => {
      expectInvalid(() => parseLogConfig([[name, '9223372036854775807']]), name);
      const key = NUMBERS.find(([other]) => other === name)?.[1] ?? 'preallocate';
      expectInvalid(() => logConfig({ [key]: Infinity }), name);
    },
  );

  test('internal.segment.bytes is segment.bytes', () => {
    expect(parseLogConfig([['internal.segment.bytes', '14']])).toEqual({ segmentBytes: 14 });
    expectInvalid(() => parseLogConfig([['internal.segment.bytes', '13']]), 'internal.segment.bytes', 'from 14');
  });

  test.each([
    ['preallocate', 'true', { preallocate: true }],
    ['preallocate', 'false', { preallocate: false }],
    ['compression.type', 'zstd', { compressionType: 'zstd' }],
    ['compression.type', 'uncompressed', { compressionType: 'uncompressed' }],
    ['message.timestamp.type', 'LogAppendTime', { messageTimestampType: 'LogAppendTime' }],
    ['cleanup.policy', 'compact, delete', { cleanupPolicy: ['compact', 'delete'] }],
    ['cleanup.policy', '', { cleanupPolicy: [] }],
    ['min.cleanable.dirty.ratio', '0.25', { minCleanableDirtyRatio: 0.25 }],
  ])('%s=%s is understood', (name, text, config) => {
    expect(parseLogConfig([[name, text]])).toEqual(config);
    expect(logConfig(parseLogConfig([[name, text]]))).toMatchObject(config);
  });

  test.each([
    ['preallocate', 'yes', 'true or false'],
    ['preallocate', '1', 'true or false'],
    ['preallocate', 'TRUE', 'true or false'],
    ['compression.type', 'ZSTD', 'lz4'],
    ['compression.type', 'brotli', 'lz4'],
    ['message.timestamp.type', 'createtime', 'CreateTime'],
    ['cleanup.policy', 'delete,shred', 'compact'],
    ['cleanup.policy', 'delete,', 'compact'],
  ])('%s=%s is refused, and what is allowed is said', (name, text, expected) => {
    expectInvalid(() => parseLogConfig([[name, text]]), name, expected);
  });

  test.each([
    ['preallocate', 'true'],
    ['compressionType', 4],
    ['cleanupPolicy', 'delete'],
    ['cleanupPolicy', ['purge']],
  ] as const)('%s: %j is refused of the library too', (key, value) => {
    expectInvalid(() => logConfig({ [key]: value }), /expected/);
  });

  test('an unknown key or name is refused and named', () => {
    expectInvalid(() => logConfig({ segmentByte: 1 } as never), 'unknown', 'segmentByte');
    expectInvalid(() => logConfig({ toString: 1 } as never), 'unknown', 'toString');
    expectInvalid(() => parseLogConfig([['segmentBytes', '100']]), 'unknown', 'segmentBytes');
    expectInvalid(() => parseLogConfig([['constructor', '100']]), 'unknown', 'constructor');
  });

  test('what is undefined has its default', () => {
    expect(logConfig({ segmentBytes: undefined } as never).segmentBytes).toBe(1073741824);
  });

  test('records cannot have to stay uncompacted for longer than they may', () => {
    expect(logConfig({ minCompactionLagMs: 5, maxCompactionLagMs: 5 }).minCompactionLagMs).toBe(5);
    expectInvalid(() => logConfig({ minCompactionLagMs: 6, maxCompactionLagMs: 5 }), 'min.compaction.lag.ms');
  });

  test('the last of several values counts', () => {
    expect(
      parseLogConfig([
        ['segment.ms', '5'],
        ['segment.ms', '7'],
      ]),
    ).toEqual({ segmentMs: 7 });
  });

  test('no text is anything but a value or INVALID_CONFIG', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...LOG_CONFIG_NAMES),
        fc.oneof(fc.string(), fc.integer().map(String), fc.double().map(String)),
        (name, text) => {
          let parsed: Partial<LogConfig>;
          try {
            parsed = parseLogConfig([[name, text]]);
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_CONFIG' });
            return;
          }
          expect(logConfig({ ...parsed, maxCompactionLagMs: Infinity })).toMatchObject({
            ...parsed,
            maxCompactionLagMs: Infinity,
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
