/** What happens to the browser, and what it then has done. */
import type { Int64 } from '../../inspect/int64.ts';
import type { BatchEntry, Place, Progress, Window } from '../contract.ts';
import type { PartitionInfo } from '../source/partition.ts';
import type { Query } from '../source/query.ts';
import type { State } from './state.ts';

/** A key as terminals send it: `name` is Node's name for it, `text` what it would type. */
export interface Key {
  readonly name: string;
  readonly text: string;
  readonly ctrl: boolean;
  readonly meta: boolean;
}

/** What happens. */
export type Event =
  | { readonly type: 'key'; readonly key: Key }
  | { readonly type: 'paste'; readonly text: string }
  /** `isBusy`: something is being looked for or read, and is not given up for it. */
  | { readonly type: 'resize'; readonly columns: number; readonly lines: number; readonly isBusy: boolean }
  /** Rows were read. */
  | { readonly type: 'shown'; readonly window: Window; readonly note?: string | undefined }
  /** A jump or a search has come to a batch, which is opened where the place is inside. */
  | {
      readonly type: 'landed';
      readonly place: Place;
      readonly batch: BatchEntry | undefined;
      readonly note: string | undefined;
    }
  | { readonly type: 'progress'; readonly progress: Progress | undefined }
  /** A task ended, and there is nothing to show but a text. */
  | { readonly type: 'ended'; readonly text: string; readonly isError: boolean }
  | { readonly type: 'info'; readonly info: PartitionInfo }
  /** Files changed; `lost` when the current row's are gone. */
  | { readonly type: 'changed'; readonly lost: Place | undefined; readonly note: string | undefined }
  | { readonly type: 'detail'; readonly lines: number };

/** Where rows are to be shown. */
export type Target =
  | { readonly to: 'place'; readonly place: Place; readonly line: number }
  | { readonly to: 'away'; readonly place: Place; readonly by: number; readonly line: number }
  | { readonly to: 'offset'; readonly offset: Int64 }
  | { readonly to: 'time'; readonly time: Int64 };

/** What is to be done. */
export type Action =
  | { readonly do: 'show'; readonly target: Target }
  | { readonly do: 'search'; readonly query: Query; readonly from: Place; readonly isBackwards: boolean }
  | { readonly do: 'cancel' }
  | { readonly do: 'redraw' }
  | { readonly do: 'suspend' }
  | { readonly do: 'quit'; readonly isInterrupted: boolean };

/** Understands what is typed; each raises an Error with a text for people. */
export interface Parsers {
  readonly offset: (text: string) => Int64;
  readonly time: (text: string) => Int64;
}

/** The next state, and what is to be done, in order. */
export type Step = readonly [State, ...Action[]];
