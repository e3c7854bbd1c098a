/** What crashes leave, on real files: both engines make the same log of it, to the byte. */
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ManualClock } from '../../src/clock/clock.ts';
import type { Engine } from '../../src/engine/contract.ts';
import { recoverPartition } from '../../src/index.ts';
import { describeParity } from '../parity/engines.ts';
import { Random } from '../support/random.ts';
import { randomConfig } from '../support/store-model-topics.ts';
import { scratch } from '../support/temp.ts';
import type { Disk, DiskNode } from './disk/disk.ts';
import { ALL_LOSSES } from './log/images.ts';
import { LOG_KINDS, logDeedOf } from './log/log-deeds.ts';
import { LogLife } from './log/log-life.ts';

const LIVES = 6;
const STEPS = 15;

/** Lays a simulated disk out on a real one. */
function layOut(node: DiskNode, path: string): void {
  if (!node.isDirectory) return writeFileSync(path, node.bytes);
  mkdirSync(path, { recursive: true });
  for (const [name, child] of node.names) layOut(child, join(path, name));
}

/** A life, and what is on the disk when the power fails at some change of its last step. */
async function crashed(seed: number): Promise<Disk[]> {
  const random = new Random(seed);
  const life = new LogLife(randomConfig(random));
  await life.open();
  const left: Disk[] = [];
  for (let at = 0; at < STEPS; at++) {
    const deed = logDeedOf(random.pick(LOG_KINDS), life, random);
    if (deed === undefined) continue;
    await life.do(deed, () => {
      if (random.chance(0.1)) left.push(life.disk.afterPowerLoss(random, random.pick(ALL_LOSSES)));
    });
  }
  return left;
}

async function recovered(engine: Engine, model: string): Promise<unknown> {
  const root = scratch();
  cpSync(model, root, { recursive: true });
  const told = await recoverPartition(join(root, 't-0'), { engine, clock: new ManualClock(1_000_000_000_000) });
  const rest = readdirSync(join(root, 't-0')).filter((name) => /\.snapshot$|checkpoint/.test(name));
  return { ...told, quarantine: undefined, cuts: told.cuts.map(({ kind, position }) => ({ kind, position })), rest };
}

describeParity('what a power loss left', ({ native, portable, ts }) => {
  test('F10, F12, F13: they make the same log of it', async () => {
    let compared = 0;
    for (let seed = 1; seed <= LIVES; seed++) {
      for (const disk of await crashed(seed)) {
        const model = scratch();
        const logs = disk.find('/logs');
        if (logs?.isDirectory !== true || !logs.names.has('t-0')) continue;
        layOut(logs, model);
        const first = await recovered(ts, model);
        for (const engine of [native, portable]) expect(await recovered(engine, model), `seed ${seed}`).toEqual(first);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });
});
