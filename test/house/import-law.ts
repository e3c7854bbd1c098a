/**
 * The law of rooms, as data: what each room may import. What is not listed is forbidden. A change of this table is a
 * change of the design (docs/design.md) and belongs there too.
 */
import path from 'node:path';
import { COMPUTED, type Mention, sourceFacts } from './source-facts.ts';

const GROUND = ['errors', 'units'] as const;
const BASE = [...GROUND, 'format', 'config', 'bytes', 'clock'] as const;
const ENGINE = [...BASE, 'fs', 'engine'] as const;
const SEGMENT = [...ENGINE, 'record', 'index', 'segment'] as const;
/** What can be said of segments and of a partition without a log that is open. */
const STATE = [...SEGMENT, 'state', 'policy'] as const;
/** A log that is open hands its segments to the cleaner; the cleaner knows of no log. */
const LOG = [...STATE, 'cleaner', 'metrics', 'log'] as const;
/** Groups know topics as logs, and are handed whoever has them. */
const GROUP = [...LOG, 'message', 'group'] as const;
const STORE = [...GROUP, 'metadata', 'store'] as const;

/** Rooms of src/ that a room may import from, besides itself. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  units: [],
  format: GROUND,
  config: GROUND,
  bytes: GROUND,
  clock: GROUND,
  fs: [...GROUND, 'clock'],
  engine: [...BASE, 'fs'],
  record: ENGINE,
  index: [...ENGINE, 'record'],
  segment: [...ENGINE, 'record', 'index'],
  message: GROUND,
  metrics: GROUND,
  policy: [...GROUND, 'config'],
  state: [...SEGMENT],
  log: [...STATE, 'cleaner', 'metrics'],
  cleaner: STATE,
  group: [...LOG, 'message'],
  metadata: [...LOG, 'message'],
  store: [...GROUP, 'metadata'],
  inspect: [...STATE, 'message'],
  handover: STORE,
  repair: [...LOG, 'inspect'],
  report: [...STATE, 'message', 'inspect'],
  bench: LOG,
  browse: [...STATE, 'message', 'inspect'],
  cli: [...STORE, 'handover', 'inspect', 'repair', 'report', 'bench', 'browse'],
};

/** src/index.ts is the public door: everything but the command line. */
const ENTRY = 'index.ts';
const ENTRY_ROOMS: readonly string[] = [...STORE, 'inspect', 'repair', 'bench'];

/** Packages and Node's modules that a room may import; `node:path` and `node:buffer` only compute, and are everyone's. */
const EVERYONES = ['node:path', 'node:buffer'];
const MODULES: Readonly<Record<string, readonly string[]>> = {
  errors: [],
  units: [],
  clock: ['node:timers', 'node:timers/promises', 'node:perf_hooks'],
  // A lock is a socket's name, or a file with the start time of a process, which only ps(1) tells outside Linux.
  fs: ['node:fs', 'node:fs/promises', 'node:os', 'node:net', 'node:child_process'],
  engine: ['node:module', 'node:url', 'node:util', 'node:zlib', 'node:worker_threads', 'crc-32', 'crc-32/crc32c.js'],
  record: ['msgpackr'],
  log: ['node:crypto'],
  group: ['node:crypto'],
  inspect: ['node:worker_threads', 'node:url', 'node:os', 'node:crypto'],
  repair: ['node:crypto'],
  // uPlot draws on the page: it is part of what the build makes of report/page, and is loaded nowhere else.
  report: ['node:crypto', 'uplot'],
  cleaner: ['node:worker_threads', 'node:url', 'node:crypto', 'node:os'],
  store: ['node:crypto'],
  // Of perf_hooks the histogram: times still come from `clock`.
  bench: ['node:crypto', 'node:worker_threads', 'node:url', 'node:perf_hooks'],
  // Node's readline takes the keys of a terminal apart.
  browse: ['node:readline', 'ansi-escapes', 'string-width'],
  cli: [
    ...['commander', 'cli-progress', 'cli-table3', 'log-update', 'prom-client', 'node:http'],
    ...['node:os', 'node:url', 'node:util', 'node:stream', 'node:stream/promises', 'node:readline', 'node:process'],
  ],
};

/** The one thing outside src that a source may name: the addon's generated types. */
const ADDON_TYPES = '../native/binding/index.d.ts';

/** The two files of `engine` that other rooms may see; the loader and the engines themselves are its own affair. */
const ENGINE_DOORS = ['engine/contract.ts', 'engine/select.ts'];

interface NameRule {
  readonly says: string;
  readonly allowed: readonly string[];
  readonly forbids: RegExp;
}

const NAME_RULES: readonly NameRule[] = [
  {
    says: 'only clock reads the time',
    allowed: ['clock'],
    forbids:
      /^(?:Date\.now|new Date\(\)|performance(?:\..*)?|process\.(?:hrtime|uptime)(?:\..*)?|(?:set|clear)(?:Timeout|Interval)|AbortSignal\.timeout|console\.time\w*)$/,
  },
  {
    says: 'only engine and cli read the environment',
    allowed: ['engine', 'cli'],
    forbids: /^process\.env(?:\..*)?$/,
  },
  {
    says: 'only engine loads native code',
    allowed: ['engine'],
    forbids: /^(?:process\.dlopen|createRequire|loadNative|require(?:\..*)?)$/,
  },
];

/** Strings by which a native addon is found. */
const ADDON_STRING = /\.node$|seglog\.(?:linux|darwin|win32)|seglog-(?:linux|darwin|win32)/;

function roomOf(file: string): string {
  return file === ENTRY ? ENTRY : (file.split('/')[0] ?? file);
}

/** Resolves a relative import to a path under src/, compiled names (`.js`) taken for their sources. */
function targetOf(file: string, specifier: string): string {
  return path.posix.join(path.posix.dirname(file), specifier).replace(/\.js$/, '.ts');
}

function judgeRelative(file: string, room: string, specifier: string): string | undefined {
  const target = targetOf(file, specifier);
  const other = roomOf(target);
  if (target === ADDON_TYPES && room === 'engine') return undefined;
  if (target.startsWith('..')) return `imports ${specifier}, which is outside src`;
  if (other === ENTRY) return 'imports the public entry, which imports everything';
  if (other === 'engine' && room !== 'engine' && !ENGINE_DOORS.includes(target)) {
    return `imports ${target}: outside engine only ${ENGINE_DOORS.join(' and ')} may be seen`;
  }
  if (other === room) return undefined;
  const allowed = room === ENTRY ? ENTRY_ROOMS : ROOMS[room];
  return allowed?.includes(other) === true ? undefined : `imports the room ${other}, which ${room} may not`;
}

function judgeModule(room: string, specifier: string): string | undefined {
  // The loader tries several places for the addon.
  if (specifier === COMPUTED && room === 'engine') return undefined;
  if (/^(?:node:)?fs(?:\/|$)/.test(specifier) && room !== 'fs') return `imports ${specifier}: only fs touches files`;
  if (EVERYONES.includes(specifier) && !GROUND.some((ground) => ground === room)) return undefined;
  return MODULES[room]?.includes(specifier) === true ? undefined : `imports ${specifier}, which ${room} may not`;
}

function judgeImport(file: string, room: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? judgeRelative(file, room, specifier) : judgeModule(room, specifier);
}

/** Every breach of the law in one file, a line each; `file` is its path under src/, with forward slashes. */
export function breaches(file: string, source: string): string[] {
  const facts = sourceFacts(file, source);
  const room = roomOf(file);
  const found: string[] = [];
  const report = ({ line }: Mention, text: string): void => void found.push(`src/${file}:${line}: ${text}`);
  if (room !== ENTRY && ROOMS[room] === undefined) found.push(`src/${file}: ${room} is no room of the design`);
  for (const mention of facts.imports) {
    const text = judgeImport(file, room, mention.what);
    if (text !== undefined) report(mention, text);
  }
  for (const star of facts.starExports) report(star, `exports * from ${star.what}; exports are named one by one`);
  for (const name of facts.names) {
    for (const { says, allowed, forbids } of NAME_RULES) {
      if (forbids.test(name.what) && !allowed.includes(room)) report(name, `uses ${name.what}: ${says}`);
    }
  }
  for (const text of facts.strings) {
    if (ADDON_STRING.test(text.what) && room !== 'engine')
      report(text, `names the addon (${text.what}): only engine does`);
  }
  return found;
}
