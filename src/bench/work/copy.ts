/**
 * How near appending comes to the memory's own speed: rounds of appending, each followed by plain 1 MiB copies of as
 * many bytes into a fresh mapping of the same kind, without a log around them.
 */
import { join } from 'node:path';
import type { Engine } from '../../engine/contract.ts';
import { defaultCopyProbe } from '../../engine/select.ts';
import { SeglogError } from '../../errors/errors.ts';
import { type BenchLine, benchLine } from '../line.ts';
import { claimScratch } from '../scratch.ts';
import { appendRound } from './append.ts';
import type { BenchContext } from './context.ts';
import { contentOf } from './load.ts';

const COPY_BYTES = 1 << 20;
const COPY_FILE = 'copy.probe';

/** `copies` copies of {@link COPY_BYTES} each to a new file, its space prepared ahead as an append file's is; takes seconds. */
type Probe = (path: string, copies: number) => number;

/** Copying is no part of the engine's contract: the native engine alone has it. */
function findProbe({ name }: Engine): Probe {
  const probe = name === 'native' ? defaultCopyProbe() : undefined;
  if (probe === undefined) {
    throw new SeglogError('ENGINE_UNAVAILABLE', 'plain copies into a mapping are not available on this engine', {
      expected: 'the native engine',
      found: name,
    });
  }
  return (path, copies) => probe(path, copies * COPY_BYTES, COPY_BYTES, true);
}

function copyRound(probe: Probe, { directory, fs }: BenchContext, round: number, bytes: number): BenchLine {
  claimScratch(fs, directory);
  const path = join(directory, COPY_FILE);
  const copies = Math.ceil(bytes / COPY_BYTES);
  fs.remove(path);
  try {
    const elapsedMs = probe(path, copies) * 1000;
    return benchLine('copy', round, 'native', { records: copies, bytes: copies * COPY_BYTES, elapsedMs });
  } finally {
    fs.remove(path);
  }
}

/**
 * Lines of appending and copying in turn; `records` of a copy line are copies.
 *
 * @throws SeglogError `ENGINE_UNAVAILABLE` on the TypeScript engine, which has no mappings
 */
export async function* benchCopy(context: BenchContext): AsyncGenerator<BenchLine, void, void> {
  const { engine, load, rounds } = context;
  const probe = findProbe(engine);
  const content = contentOf(load);
  for (let round = 0; round < rounds; round++) {
    const appended = await appendRound(context, round, content);
    yield appended;
    yield copyRound(probe, context, round, appended.bytes);
  }
}
