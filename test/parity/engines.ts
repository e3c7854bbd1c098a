/** Both engines in one process, and what a call to one of them gives, in a form that compares. */
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/contract.ts';
import { createFallbackEngine } from '../../src/engine/fallback/engine.ts';
import { loadNative } from '../../src/engine/native.ts';
import { SeglogError } from '../../src/errors/errors.ts';

/** The engines that are compared. */
export interface Engines {
  readonly native: Engine;
  /** The native one that appends by plain writes. */
  readonly portable: Engine;
  readonly ts: Engine;
}

/** The engines, or why they are not there. */
function loadEngines(): Engines | string {
  const loaded = loadNative({ portable: false });
  const portable = loadNative({ portable: true });
  if ('engine' in loaded && 'engine' in portable) {
    return { native: loaded.engine, portable: portable.engine, ts: createFallbackEngine() };
  }
  const causes = 'causes' in loaded ? loaded.causes : [];
  return `the addon did not load (${causes.map(({ path, reason }) => `${path}: ${reason}`).join('; ')})`;
}

/** Comparisons, which need the addon: without it they are skipped aloud, or fail when this run of the suite demands it. */
export function describeParity(what: string, body: (engines: Engines) => void): void {
  const engines = loadEngines();
  const isSkipped = typeof engines === 'string' && process.env['SEGLOG_ENGINE'] !== 'native';
  if (isSkipped) console.warn(`SKIPPED: both engines: ${what}: ${engines}`);
  const define = typeof engines === 'string' ? (): void => failFor(engines) : (): void => body(engines);
  describe.skipIf(isSkipped)(`both engines: ${what}`, () => {
    define();
  });
}

function failFor(reason: string): void {
  test('the addon loads', () => {
    expect.fail(`SEGLOG_ENGINE asks for the native engine, but ${reason}`);
  });
}

/** What a call came to: its value, or the code of its error. Any error but seglog's own is told as what it is. */
export type Outcome<T> = { readonly value: T } | { readonly error: string };

/** Runs a call. */
export function outcomeOf<T>(run: () => T): Outcome<T> {
  try {
    return { value: run() };
  } catch (error) {
    return { error: errorOf(error) };
  }
}

/** The same for a call that works off the thread. */
export async function settledOutcomeOf<T>(run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() };
  } catch (error) {
    return { error: errorOf(error) };
  }
}

function errorOf(error: unknown): string {
  if (!(error instanceof SeglogError)) return `no SeglogError: ${String(error)}`;
  return error.errno === undefined ? error.code : `${error.code} ${error.errno}`;
}

/** For arrays that a call fills: what it leaves alone shows. */
export const UNTOUCHED = -77;
