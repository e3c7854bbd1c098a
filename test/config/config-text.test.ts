/** Settings from text files. */
import { expect, test } from 'vitest';
import { parseConfigText } from '../../src/config/config-text.ts';

test('properties files give their pairs, without comments and space', () => {
  const text =
    '# retention.ms=1\n! retention.ms=2\n\nretention.ms=3\r\n cleanup.policy = compact,delete \nbroken line\n=x\nempty=\n';
  expect(parseConfigText(text)).toEqual([
    ['retention.ms', '3'],
    ['cleanup.policy', 'compact,delete'],
    ['empty', ''],
  ]);
});

test('what kafka-configs describes gives the first pair of each line', () => {
  const text = `Dynamic configs for topic orders are:
  cleanup.policy=compact sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact, DEFAULT_CONFIG:log.cleanup.policy=delete}
  retention.ms=604800000 sensitive=false synonyms={}
`;
  expect(parseConfigText(text)).toEqual([
    ['cleanup.policy', 'compact'],
    ['retention.ms', '604800000'],
  ]);
});
