/** What segments stand on in tests. */
import { systemClock } from '../../src/clock/clock.ts';
import { type LogConfig, logConfig } from '../../src/config/log-config.ts';
import { defaultEngine } from '../../src/engine/select.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import type { SegmentContext } from '../../src/segment/context.ts';
import { OpenSegments } from '../../src/segment/open-segments.ts';

export function segmentContext(config: Partial<LogConfig> = {}): SegmentContext {
  return {
    engine: defaultEngine(),
    fs: nodeFileSystem,
    clock: systemClock,
    config: logConfig(config),
    open: new OpenSegments(),
  };
}

/** As the broker was configured that wrote the fixtures. */
export function fixtureConfig(partition: string): Partial<LogConfig> {
  return partition === '__cluster_metadata-0' ? {} : { segmentIndexBytes: 102400 };
}
