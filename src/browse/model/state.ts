/** What the browser knows and shows at a moment. It is never changed: each event makes a new one. */
import type { DecodeKind } from '../../inspect/decode/contract.ts';
import { type Opened, type Progress, type Row, START_PLACE, type Window } from '../contract.ts';
import type { PartitionInfo } from '../source/partition.ts';
import type { Query } from '../source/query.ts';

/** What a line at the bottom asks for. */
export type PromptKind = 'offset' | 'time' | 'search' | 'search-back';

/** A line that is being typed. */
export interface Prompt {
  readonly kind: PromptKind;
  /** By characters, as they are deleted and passed. */
  readonly text: readonly string[];
  readonly cursor: number;
}

/** Something to be read, until the next key. */
export interface Message {
  readonly text: string;
  readonly isError: boolean;
}

/** A task that takes long enough to be told of. */
export interface Work {
  readonly what: string;
  readonly progress: Progress | undefined;
}

/** The lower pane's two faces. */
export type Tab = 'decoded' | 'hex';

export interface State {
  readonly columns: number;
  readonly lines: number;
  readonly window: Window;
  /** Whether the rows are those for a terminal of another size: they are read anew when what is under way has ended. */
  readonly isStale: boolean;
  readonly opened: Opened;
  readonly pane: 'list' | 'detail';
  readonly tab: Tab;
  /** The detail pane's first line. */
  readonly scroll: number;
  /** How many lines the detail pane has in all, as it was last shown. */
  readonly detailLines: number;
  readonly prompt: Prompt | undefined;
  /** What was submitted last, by prompt. */
  readonly typed: Readonly<Partial<Record<PromptKind, string>>>;
  readonly message: Message | undefined;
  readonly work: Work | undefined;
  readonly isHelp: boolean;
  /** Whether the end of the log stays in view while it grows. */
  readonly isFollowing: boolean;
  readonly info: PartitionInfo;
  readonly query: { readonly query: Query; readonly isBackwards: boolean } | undefined;
  readonly decode: DecodeKind;
}

/** Before anything was read. */
export function firstState(columns: number, lines: number, decode: DecodeKind): State {
  return {
    ...{ columns, lines, decode },
    window: { rows: [], cursor: 0 },
    isStale: false,
    opened: { all: false, named: new Set() },
    ...{ pane: 'list', tab: 'decoded', scroll: 0, detailLines: 0, isHelp: false, isFollowing: false },
    ...{ prompt: undefined, typed: {}, message: undefined, work: undefined, query: undefined },
    info: { segments: 0, sizeBytes: 0, start: undefined, end: undefined },
  };
}

/** The least that anything can be shown on. */
export const LEAST_COLUMNS = 20;
export const LEAST_LINES = 8;
/** Title, head of the list, bar between the panes, status. */
const FIXED_LINES = 4;

/** How many lines each pane has. */
export function heights({ lines }: { readonly lines: number }): { readonly list: number; readonly detail: number } {
  const free = Math.max(2, lines - FIXED_LINES);
  const list = Math.max(1, Math.ceil(free * 0.55));
  return { list, detail: Math.max(1, free - list) };
}

/** The row that the cursor is on; undefined before the first ones are there. */
export function currentRow({ window }: State): Row | undefined {
  return window.rows[window.cursor];
}

/** The place of the current row. */
export function currentPlace(state: State): Row['place'] {
  return currentRow(state)?.place ?? START_PLACE;
}
