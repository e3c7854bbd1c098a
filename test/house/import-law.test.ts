import { describe, expect, it } from 'vitest';
import { breaches } from './import-law.ts';
import { filesIn, textOf } from './project-files.ts';

/** A planted file, its only line, and what the law must say of it. */
type Planted = readonly [file: string, source: string, says: RegExp];

const FORBIDDEN: readonly Planted[] = [
  ['format/a.ts', "import { x } from '../config/log-config.ts';", /room config, which format may not/],
  ['errors/a.ts', "import type { Offset } from '../units/units.ts';", /room units, which errors may not/],
  ['units/a.ts', "import path from 'node:path';", /imports node:path, which units may not/],
  ['fs/a.ts', "import { x } from '../engine/contract.ts';", /room engine, which fs may not/],
  ['record/a.ts', "import { x } from '../index/offset-index.ts';", /room index, which record may not/],
  ['segment/a.ts', "export { Log } from '../log/log.ts';", /room log, which segment may not/],
  ['segment/a.ts', "const log = await import('../log/log.ts');", /room log, which segment may not/],
  ['segment/a.ts', "type L = import('../log/log.ts').Log;", /room log, which segment may not/],
  ['cleaner/a.ts', "import { Log } from '../log/log.ts';", /room log, which cleaner may not/],
  ['cleaner/a.ts', "new Worker(new URL('../log/log.js', import.meta.url));", /room log, which cleaner may not/],
  ['log/a.ts', "import { x } from '../store/store.ts';", /room store, which log may not/],
  ['store/a.ts', "import { x } from '../inspect/dump.ts';", /room inspect, which store may not/],
  ['inspect/a.ts', "import { Log } from '../log/log.ts';", /room log, which inspect may not/],
  ['bench/a.ts', "import { x } from '../store/store.ts';", /room store, which bench may not/],
  ['log/a.ts', "import { x } from '../cli/main.ts';", /room cli, which log may not/],
  ['index.ts', "export { main } from './cli/main.ts';", /room cli, which index\.ts may not/],
  ['cli/a.ts', "import { Log } from '../index.ts';", /the public entry/],
  ['cli/a.ts', "import pkg from '../../package.json' with { type: 'json' };", /outside src/],
  ['wire/a.ts', 'export const x = 1;', /wire is no room of the design/],
  ['index.ts', "export * from './log/log.ts';", /exports \* from/],
  ['log/a.ts', "export * as everything from './append.ts';", /exports \* from/],
  ['log/a.ts', 'const x = await import(name);', /a computed module name/],

  ['log/a.ts', "import { openSync } from 'node:fs';", /only fs touches files/],
  ['log/a.ts', "import { open } from 'node:fs/promises';", /only fs touches files/],
  ['engine/a.ts', "import fs from 'fs';", /only fs touches files/],
  ['cli/a.ts', "const fs = await import('node:fs');", /only fs touches files/],
  ['log/a.ts', "import { createConnection } from 'node:net';", /imports node:net, which log may not/],
  ['log/a.ts', "import { Command } from 'commander';", /imports commander, which log may not/],
  ['bench/a.ts', "import Table from 'cli-table3';", /imports cli-table3, which bench may not/],
  ['bench/a.ts', "import bar from 'cli-progress';", /imports cli-progress, which bench may not/],
  ['record/a.ts', "import crc from 'crc-32';", /imports crc-32, which record may not/],
  ['segment/a.ts', "import left from 'left-pad';", /imports left-pad, which segment may not/],

  ['log/a.ts', 'const t = Date.now();', /uses Date\.now: only clock/],
  ['log/a.ts', 'const t = globalThis.Date.now();', /uses Date\.now: only clock/],
  ['log/a.ts', "const t = Date['now']();", /uses Date\.now: only clock/],
  ['log/a.ts', 'const t = new Date();', /uses new Date\(\): only clock/],
  ['cli/a.ts', 'const t = performance.now();', /uses performance\.now: only clock/],
  ['bench/a.ts', 'const { now } = performance;', /uses performance: only clock/],
  ['bench/a.ts', 'const t = process.hrtime.bigint();', /uses process\.hrtime\.bigint: only clock/],
  ['log/a.ts', 'setTimeout(() => {}, 5);', /uses setTimeout: only clock/],
  ['log/a.ts', 'const timers = { setInterval };', /uses setInterval: only clock/],
  ['log/a.ts', 'const signal = AbortSignal.timeout(5);', /uses AbortSignal\.timeout: only clock/],
  ['log/a.ts', "import { setTimeout as sleep } from 'node:timers/promises';", /imports node:timers\/promises/],

  ['log/a.ts', "import { loadNative } from '../engine/native.ts';", /outside engine only/],
  ['log/a.ts', "import { x } from '../engine/fallback/engine.ts';", /outside engine only/],
  ['log/a.ts', "import type * as Addon from '../../native/binding/index.d.ts';", /outside src/],
  ['log/a.ts', "import { createRequire } from 'node:module';", /imports node:module, which log may not/],
  ['log/a.ts', "process.dlopen(module, 'x');", /uses process\.dlopen: only engine/],
  ['cli/a.ts', "const file = 'native/seglog.linux-x64-gnu.node';", /names the addon/],
  ['cli/a.ts', 'const name = `seglog-linux-${arch}`;', /names the addon/],
  ['log/a.ts', "const x = require('x');", /imports x, which log may not/],
  ['log/a.ts', 'const wanted = process.env.SEGLOG_ENGINE;', /only engine and cli read the environment/],
];

const ALLOWED: readonly (readonly [file: string, source: string])[] = [
  ['format/a.ts', "import { SeglogError } from '../errors/errors.ts';"],
  ['fs/a.ts', "import { openSync } from 'node:fs'; import { systemClock } from '../clock/clock.ts';"],
  ['clock/a.ts', 'const t = Date.now() + performance.now(); setTimeout(() => {}, 1);'],
  ['engine/a.ts', "import { loadNative } from './native.ts'; import { createRequire } from 'node:module';"],
  ['engine/a.ts', "import type * as Addon from '../../native/binding/index.d.ts';"],
  ['log/a.ts', "import { defaultEngine } from '../engine/select.ts'; import path from 'node:path';"],
  ['log/a.ts', 'const at = new Date(timestampMs); const x = clock.now(); timer.setTimeout();'],
  ['log/a.ts', "// import { x } from '../cli/main.ts'\nconst text = \"import '../cli/main.ts'\"; // Date.now()"],
  ['store/a.ts', "import { Log } from '../log/log.ts'; import { clean } from '../cleaner/pool.ts';"],
  ['cli/a.ts', "import { Command } from 'commander'; import { Log } from '../log/log.ts';"],
  ['index.ts', "export { Log } from './log/log.ts'; export { Store } from './store/store.ts';"],
];

describe('the import law', () => {
  it.each(FORBIDDEN)('catches what is planted in %s: %s', (file, source, says) => {
    expect(breaches(file, source).join('\n')).toMatch(says);
  });

  it.each(ALLOWED)('lets pass what is allowed in %s: %s', (file, source) => {
    expect(breaches(file, source)).toEqual([]);
  });

  it('refuses a file that it cannot read', () => {
    expect(() => breaches('log/a.ts', 'import {')).toThrow('does not parse');
  });

  it('holds in src', () => {
    const files = filesIn('src', '.ts');
    expect(files).toContain('index.ts');
    expect(files.flatMap((file) => breaches(file, textOf(`src/${file}`)))).toEqual([]);
  });
});
