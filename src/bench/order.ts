/** A bench that was asked for, as data: it can be handed to another thread. */
import type { BenchLine } from './line.ts';
import { type AppendUse, benchAppend } from './work/append.ts';
import type { BenchPlace } from './work/context.ts';
import type { Load } from './work/load.ts';
import type { ReadWay } from './work/looks.ts';
import { benchRead } from './work/read.ts';
import { benchRecover } from './work/recover.ts';
import { benchSeek, type SeekUse } from './work/seek.ts';

/** The works that several threads can do side by side, and how. */
export type BenchOrder =
  | { readonly work: 'append'; readonly load: Load; readonly use: AppendUse }
  | { readonly work: 'read'; readonly load: Load; readonly as: ReadWay }
  | { readonly work: 'seek'; readonly load: Load; readonly use: SeekUse }
  | { readonly work: 'recover'; readonly load: Load };

/** Does what was ordered, on this thread. */
export function runOrder(place: BenchPlace, order: BenchOrder): AsyncGenerator<BenchLine, void, void> {
  const context = { ...place, load: order.load };
  switch (order.work) {
    case 'append':
      return benchAppend(context, order.use);
    case 'read':
      return benchRead(context, order.as);
    case 'seek':
      return benchSeek(context, order.use);
    default:
      return benchRecover(context);
  }
}
