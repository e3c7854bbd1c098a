/** Which engine runs, and why: decided once for the process, from the environment and from what loads. */
import { SeglogError } from '../errors/errors.ts';
import type { Engine } from './contract.ts';
import { createFallbackEngine } from './fallback/engine.ts';
import { loadNative } from './native.ts';

/** Which engine runs and why. */
export interface EngineInfo {
  readonly engine: 'native' | 'ts';
  /** One sentence: why this one. */
  readonly reason: string;
  /** How log files are appended: mapped where the file system allows it, or by plain writes everywhere. */
  readonly io: 'auto' | 'portable';
  /** What the engine says of itself. */
  readonly description: string;
  /** Where the addon was looked for in vain, and what happened there. */
  readonly loadErrors: readonly { readonly path: string; readonly reason: string }[];
}

const ENGINES = ['auto', 'native', 'ts'] as const;
const IO_KINDS = ['auto', 'portable'] as const;

function choice<T extends string>(name: string, allowed: readonly T[]): T {
  const given = process.env[name];
  if (given === undefined || given === '') return allowed[0] as T;
  const found = allowed.find((value) => value === given);
  if (found === undefined) {
    throw new SeglogError('INVALID_CONFIG', `the environment variable ${name} is not understood`, {
      expected: allowed.join(', '),
      found: given,
      action: `Set ${name} to one of them, or unset it`,
    });
  }
  return found;
}

/** Seconds that plain copies of `totalBytes`, `chunkBytes` each, take to a new file at `path`, mapped as log files are. */
export type CopyProbe = (path: string, totalBytes: number, chunkBytes: number, populate: boolean) => number;

interface Selected {
  readonly engine: Engine;
  /** Only where the native engine runs. */
  readonly copyProbe?: CopyProbe;
  readonly info: EngineInfo;
}

let selected: Selected | undefined;

function select(): Selected {
  const wanted = choice('SEGLOG_ENGINE', ENGINES);
  const io = choice('SEGLOG_IO', IO_KINDS);
  if (wanted !== 'ts') {
    const loaded = loadNative({ portable: io === 'portable' });
    if ('engine' in loaded) {
      const reason = wanted === 'native' ? 'SEGLOG_ENGINE asks for it' : 'the addon loaded';
      return { engine: loaded.engine, copyProbe: loaded.probeCopy, info: describe(loaded.engine, reason, io, []) };
    }
    if (wanted === 'native') {
      throw new SeglogError(
        'ENGINE_UNAVAILABLE',
        'SEGLOG_ENGINE asks for the native engine, but the addon did not load',
        {
          found: loaded.causes.map(({ path, reason }) => `${path}: ${reason}`).join('; '),
          action: 'Build it with `npm run build` (needs cargo), or set SEGLOG_ENGINE=auto',
        },
      );
    }
    const engine = createFallbackEngine();
    const why = loaded.causes.map(({ path, reason }) => `${path}: ${reason}`).join('; ');
    return { engine, info: describe(engine, `the addon did not load (${why})`, io, loaded.causes) };
  }
  const engine = createFallbackEngine();
  return { engine, info: describe(engine, 'SEGLOG_ENGINE asks for it', io, []) };
}

function describe(
  engine: Engine,
  reason: string,
  io: EngineInfo['io'],
  loadErrors: EngineInfo['loadErrors'],
): EngineInfo {
  return { engine: engine.name, reason, io, description: engine.description, loadErrors };
}

/** The engine of this process. */
export function defaultEngine(): Engine {
  selected ??= select();
  return selected.engine;
}

/** How fast the machine copies to mapped space, to compare appending with; undefined where no engine here maps files. */
export function defaultCopyProbe(): CopyProbe | undefined {
  selected ??= select();
  return selected.copyProbe;
}

/**
 * Which engine runs in this process, and why.
 *
 * @throws SeglogError `INVALID_CONFIG` when `SEGLOG_ENGINE` or `SEGLOG_IO` is not understood, `ENGINE_UNAVAILABLE` when
 * the native engine is demanded and does not load.
 * @example
 * ```ts
 * const { engine, reason } = engineInfo(); // 'native', 'the addon loaded'
 * ```
 */
export function engineInfo(): EngineInfo {
  selected ??= select();
  return selected.info;
}
