/** What may happen to a store, each drawn from a seed of its own: a history without some of its steps is a history still. */
import type { Random } from './random.ts';
import type { ModelStore } from './store-model.ts';
import { compact, deleteRecords, goOn, retain, truncate } from './store-model-cleaning.ts';
import { type Deed, type Life, quiet } from './store-model-life.ts';
import { DAY, eachPartition, MINUTE, placed, somewhere } from './store-model-places.ts';
import { again, append, end } from './store-model-records.ts';
import { alter, create, grow, remove } from './store-model-topics.ts';

/** The kinds of steps, each as often as it is likely. */
export const KINDS = [
  ...['create', 'create', 'append', 'append', 'append', 'append', 'append', 'append', 'append', 'append', 'append'],
  ...[
    'append',
    'append',
    'append',
    'append',
    'append',
    'end',
    'end',
    'end',
    'flush',
    'wait',
    'wait',
    'wait',
    'compact',
  ],
  ...[
    'compact',
    'compact',
    'go on',
    'retain',
    'deleteRecords',
    'truncate',
    'alter',
    'grow',
    'delete',
    'restart',
    'again',
  ],
] as const;
/** One of them. */
export type Kind = (typeof KINDS)[number];

/** Flushes one partition, or all. */
export function flush(life: Life, random: Random): Deed | undefined {
  const place = random.chance(0.5) ? somewhere(life, random) : undefined;
  return {
    run: () => (place === undefined ? life.sync() : place.log.flush()),
    apply: (model) => {
      const all =
        place === undefined ? Object.values(model).flatMap(({ partitions }) => partitions) : [placed(model, place)];
      for (const partition of all) partition.flushed = partition.end;
    },
  };
}

/** Time goes on, or back. */
export function wait(life: Life, random: Random): Deed {
  const isBack = random.chance(0.1);
  const ms = random.pick([16_000, 31_000, 70_000, 6 * MINUTE, 6 * MINUTE, DAY + MINUTE]);
  const before = life.clock.now();
  return {
    run: async () => {
      if (isBack) life.clock.jumpTo(before - ms);
      // Several looks, as a clock that goes on has them.
      else for (let left = ms; left > 0; left -= MINUTE * 10) await pass(life, Math.min(left, MINUTE * 10));
    },
    apply: (model) => heedTime(model, isBack ? before - ms : before + ms),
    doubt: (model) => heedTime(model, before + (isBack ? 0 : ms)),
  };
}

async function pass(life: Life, ms: number): Promise<void> {
  life.clock.advance(ms);
  await quiet();
}

function heedTime(model: ModelStore, now: number): void {
  eachPartition(model, (partition) => {
    partition.maxNow = Math.max(partition.maxNow, now);
    for (const { records } of partition.batches) for (const record of records) record.low = Math.min(record.low, now);
  });
}

function restart(life: Life): Deed {
  const synced = (model: ModelStore): void => eachPartition(model, (partition) => (partition.flushed = partition.end));
  return {
    run: async () => {
      await life.close();
      await life.open();
    },
    apply: synced,
  };
}

const DEEDS: Readonly<Record<Kind, (life: Life, random: Random) => Deed | undefined>> = {
  ...{ create, append, end, flush, wait, compact, retain, deleteRecords, truncate, alter, grow, restart, again },
  ...{ 'go on': goOn, delete: remove },
};

/** What a step of a kind is here; undefined where there is nothing to do it to. */
export function deedOf(kind: Kind, life: Life, random: Random): Deed | undefined {
  return DEEDS[kind](life, random);
}
