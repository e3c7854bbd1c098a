/**
 * Crashes on the side: while a log does a step, pictures of its disk are taken at changes of files, each as one crash there would
 * leave it. The log goes on; each picture is opened as a log of its own, and judged.
 */
import { createHash } from 'node:crypto';
import { ManualClock } from '../../../src/clock/clock.ts';
import { Random } from '../../support/random.ts';
import type { Deed, Image } from '../../support/store-model-life.ts';
import type { Disk, DiskNode, Loss } from '../disk/disk.ts';
import { logDeedOf } from './log-deeds.ts';
import { LogLife } from './log-life.ts';

/** How pictures are taken. */
export interface Taking {
  /** Whether one is taken at a change of files. */
  isTaken(): boolean;
  /** At each: the end of the process, unless left out. */
  readonly withKills: boolean;
  /** And power losses. */
  losses(): readonly Loss[];
  readonly random: Random;
}

/** All that is told apart: whether names came, or pages, both, some of each, or nothing. */
export const ALL_LOSSES: readonly Loss[] = [
  { names: 0, pages: 0, isOrdered: false },
  { names: 1, pages: 0, isOrdered: true },
  { names: 0, pages: 1, isOrdered: false },
  { names: 0.5, pages: 0.5, isOrdered: false },
  { names: 0.5, pages: 0.5, isOrdered: true },
];

/** Does a step, with crashes on the side. @returns how many were judged */
export async function doWithImages(life: LogLife, deed: Deed, taking: Taking): Promise<number> {
  const images: Image[] = [];
  const seen = new Set<string>();
  const before = life.written;
  const candidates = life.candidates(deed, false);
  const clock = life.clock.now();
  await life.do(deed, (half) => {
    if (!taking.isTaken()) return;
    for (const loss of taking.losses()) {
      const disk = life.disk.afterPowerLoss(taking.random, loss);
      const mark = markOf(disk);
      if (seen.has(mark)) continue;
      seen.add(mark);
      images.push({ disk, isPowerLoss: true });
    }
    if (!taking.withKills) return;
    half?.();
    images.push({ disk: life.disk.copy(), isPowerLoss: false });
  });
  // What is killed in the midst of a step may be found by a clock that has gone on.
  for (const [at, image] of images.entries()) {
    const other = new LogLife(life.config);
    other.written = before + 1_000_000;
    await other.wake(image, candidates, new ManualClock(Math.max(clock, life.clock.now())));
    await judge(other, at, taking.random);
  }
  return images.length;
}

/** More than that all is there: some of what must hold of a log that has come up. */
async function judge(life: LogLife, at: number, random: Random): Promise<void> {
  if (at % 4 === 0) await life.openTwice();
  if (at % 8 === 1) await life.verify();
  if (at % 4 !== 2) return;
  const deed = logDeedOf('append', life, new Random(random.between(0, 1e9)));
  if (deed !== undefined) await life.do(deed);
  await life.restart();
  life.compare(life.model, false);
  if (at % 8 === 2) await life.verify();
}

function markOf(disk: Disk): string {
  const hash = createHash('md5');
  const add = (node: DiskNode): void => {
    if (!node.isDirectory) return void hash.update(node.bytes).update(`:${node.modifiedMs};`);
    for (const [name, child] of node.names) {
      hash.update(`${name}/`);
      add(child);
    }
  };
  add(disk.root);
  return hash.digest('base64');
}
