/** What `seglog store run` makes of `--config`. */
import { expect, it } from 'vitest';
import { logConfig } from '../../../src/config/log-config.ts';
import { policyOf, runSettings } from '../../../src/cli/store-run/settings.ts';
import type { TopicDescription } from '../../../src/index.ts';

it('deletes nothing by age or size where nobody says so', () => {
  expect(runSettings().defaults).toEqual({ retentionMs: -1, retentionBytes: -1, cleanupPolicy: ['delete'] });
  expect(runSettings([['retention.ms', '5']]).defaults).toMatchObject({ retentionMs: 5, retentionBytes: -1 });
});

it('knows the settings of the store from those of topics', () => {
  const { ofStore, given } = runSettings([
    ['log.cleaner.threads', '2'],
    ['segment.bytes', '1000'],
    ['log.retention.check.interval.ms', '10'],
    ['log.cleaner.io.buffer.load.factor', '0.5'],
  ]);
  expect(ofStore).toEqual({ logCleanerThreads: 2, logRetentionCheckIntervalMs: 10, logCleanerIoBufferLoadFactor: 0.5 });
  expect(given).toEqual({ segmentBytes: 1000 });
});

it.each([
  [['log.cleaner.threads', 'many'], 'INVALID_ARGUMENT'],
  [['log.cleaner.thread', '2'], 'INVALID_CONFIG'],
  [['retention.ms', '-2'], 'INVALID_CONFIG'],
  [['min.compaction.lag.ms', '5000000000000'], undefined],
] as const)('refuses %j with %s', (setting, code) => {
  if (code === undefined) expect(() => runSettings([setting])).not.toThrow();
  else expect(() => runSettings([setting])).toThrow(expect.objectContaining({ code }));
});

function topic(configs: Record<string, string>, config: Parameters<typeof logConfig>[0]): TopicDescription {
  return { name: 't', topicId: 'x', partitionCount: 1, configs, config: logConfig(config), partitions: [] };
}

it('says of each setting that counts who says so', () => {
  const settings = runSettings([['retention.bytes', '7']]);
  const described = topic({ 'retention.ms': '5' }, { ...settings.defaults, retentionMs: 5 });
  expect(policyOf(described, settings)).toEqual({
    topic: 't',
    settings: [
      { name: 'cleanup.policy', value: 'delete', source: 'default' },
      { name: 'retention.ms', value: '5', source: 'topic' },
      { name: 'retention.bytes', value: '7', source: '--config' },
    ],
  });
});

it('says of a compacted topic what it is compacted by, and of one with both both', () => {
  const named = (config: Parameters<typeof logConfig>[0]): string[] =>
    policyOf(topic({}, config), runSettings()).settings.map(({ name }) => name);
  const compaction = [
    'min.cleanable.dirty.ratio',
    'delete.retention.ms',
    'min.compaction.lag.ms',
    'max.compaction.lag.ms',
  ];
  expect(named({ cleanupPolicy: ['compact'] })).toEqual(['cleanup.policy', ...compaction]);
  expect(named({ cleanupPolicy: ['compact', 'delete'] })).toEqual([
    ...['cleanup.policy', 'retention.ms', 'retention.bytes'],
    ...compaction,
  ]);
});
