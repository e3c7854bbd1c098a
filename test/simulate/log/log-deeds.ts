/** What may happen to a log by itself: the steps of stores that concern one partition, and those that only a log alone has. */
import { randomConfig } from '../../support/store-model-topics.ts';
import type { Random } from '../../support/random.ts';
import type { ModelPartition, ModelStore } from '../../support/store-model.ts';
import { compact, deleteRecords, goOn, retain, truncate } from '../../support/store-model-cleaning.ts';
import { flush, wait } from '../../support/store-model-deeds.ts';
import type { Deed } from '../../support/store-model-life.ts';
import { heed } from '../../support/store-model-places.ts';
import { again, append, end } from '../../support/store-model-records.ts';
import { DIRECTORY, type LogLife, TOPIC } from './log-life.ts';

const DEEDS = {
  ...{ append, end, again, flush, wait, compact, retain, deleteRecords, truncate },
  ...{ goOn, restart, repair, reconfigure, loseIndexes },
} as const satisfies Record<string, (life: LogLife, random: Random) => Deed | undefined>;

/** A kind of step. */
export type LogKind = keyof typeof DEEDS;

const LIKELY: Readonly<Record<LogKind, number>> = {
  ...{ append: 16, end: 4, again: 1, flush: 3, wait: 3, compact: 3, retain: 2, deleteRecords: 2, truncate: 2 },
  ...{ goOn: 1, restart: 2, repair: 1, reconfigure: 1, loseIndexes: 1 },
};

/** The kinds of steps, each as often as it is likely. */
export const LOG_KINDS: readonly LogKind[] = (Object.keys(LIKELY) as LogKind[]).flatMap((kind) =>
  Array.from({ length: LIKELY[kind] }, () => kind),
);

/** What a step of a kind is here; undefined where there is nothing to do it to. */
export function logDeedOf(kind: LogKind, life: LogLife, random: Random): Deed | undefined {
  return DEEDS[kind](life, random);
}

function onlyOne(model: ModelStore): ModelPartition {
  return model[TOPIC]?.partitions[0] as ModelPartition;
}

function settled(model: ModelStore): void {
  const partition = onlyOne(model);
  partition.flushed = partition.end;
}

function restart(life: LogLife): Deed {
  return { run: () => life.restart(), apply: settled };
}

function repair(life: LogLife): Deed {
  return { run: () => life.repair(), apply: settled };
}

/** It is closed, and opened with another configuration. */
function reconfigure(life: LogLife, random: Random): Deed {
  const config = { ...life.config, ...randomConfig(random) };
  const heedIt = (model: ModelStore): void => {
    heed(onlyOne(model), { ...config });
    (model[TOPIC] as ModelStore[string]).config = { ...config };
  };
  return {
    run: () => {
      life.config = config;
      return life.restart();
    },
    apply: (model) => {
      heedIt(model);
      settled(model);
    },
    doubt: heedIt,
  };
}

/** What can be made again from the log is lost while it is closed. */
function loseIndexes(life: LogLife, random: Random): Deed {
  const lost = random.pick([/\.index$/, /\.timeindex$/, /\.(?:time)?index$/]);
  return {
    run: () =>
      life.restart((fs) => {
        for (const name of fs.list(DIRECTORY)) {
          if (lost.test(name) && random.chance(0.7)) fs.remove(`${DIRECTORY}/${name}`);
        }
      }),
    apply: settled,
  };
}
