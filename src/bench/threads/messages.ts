/** What the threads of a bench and the one that started them say to each other. */
import type { TornError } from '../../cleaner/messages.ts';
import type { BenchLine, CacheState } from '../line.ts';
import type { KeptTimes } from '../operation-times.ts';
import type { BenchOrder } from '../order.ts';

/** What a thread is started with. */
export interface ThreadTask {
  /** Its scratch directory: a log directory of its own. */
  readonly directory: string;
  readonly rounds: number;
  readonly cache: CacheState;
  readonly order: BenchOrder;
}

/** `go`: all are ready, begin the timed part. `next`: make the next round ready. `stop`: end at the next chance. */
export type ToThread = 'go' | 'next' | 'stop';

/** `ready`: the timed part can begin. `round`: it is over. `done`: no rounds are left. `failed`: the end, too. */
export type FromThread =
  | { readonly kind: 'ready' }
  | { readonly kind: 'round'; readonly line: BenchLine; readonly times: KeptTimes | undefined }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly failure: TornError };
