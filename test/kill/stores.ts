/** The store of the kills: two topics, one of them compacted, and a clock that the process moves. */
import { join } from 'node:path';
import type { Clock } from '../../src/clock/clock.ts';
import type { LogConfig } from '../../src/config/log-config.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { Store } from '../../src/store/store.ts';
import { COMPACTED } from './plan.ts';

/** Opens it, and makes the topics that are not there. */
export async function openStore(
  directory: string,
  config: Partial<LogConfig>,
  clock: Clock,
  engine?: Engine,
  cleaners = 0,
): Promise<Store> {
  const given = engine === undefined ? { clock } : { clock, engine };
  const store = await Store.open(join(directory, 'logs'), { ...config, ...given, logCleanerThreads: cleaners });
  const topics = store.topics();
  if (!topics.includes('d')) await store.createTopic({ name: 'd' });
  if (!topics.includes(COMPACTED)) await store.createTopic({ name: COMPACTED, config: { cleanupPolicy: ['compact'] } });
  return store;
}
