/** What the programs that tests kill are made of: the library, and those of its parts that they put together by themselves. */
export { cleanSegments } from '../../src/cleaner/clean.ts';
export { ManualClock, systemClock } from '../../src/clock/clock.ts';
export { defaultEngine } from '../../src/engine/select.ts';
export { nodeFileSystem } from '../../src/fs/node-fs.ts';
export { Log, Store } from '../../src/index.ts';
