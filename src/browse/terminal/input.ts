/** Keys and pastes from a terminal. Node takes the sequences apart; what is pasted comes between two marks of its own. */
import { emitKeypressEvents, type Interface, type Key as NodeKey } from 'node:readline';
import type { Clock } from '../../clock/clock.ts';
import type { Key } from '../model/events.ts';

/** How long an Esc may be the start of a longer sequence: over slow lines these come in pieces. */
const ESCAPE_MS = 100;
/** What is pasted beyond this is dropped: no prompt takes as much. */
const MAX_PASTE_LENGTH = 64 * 1024;
/** A paste comes in one go: what comes after such a pause is typed, and the mark that ends the paste was lost. */
const PAUSE_MS = 500;

/** What is typed goes to these. */
export interface InputHandlers {
  readonly key: (key: Key) => void;
  readonly paste: (text: string) => void;
}

/** A stream of keys, on which {@link readInput} listens. */
export type KeyStream = NodeJS.ReadableStream;

/**
 * Listens until the returned function is called. Nothing of a paste is a key, but for a Ctrl-C that can hardly be of it: after
 * a pause, or behind more than any prompt takes. It is a way out also where the end of a paste never comes.
 */
export function readInput(stream: KeyStream, clock: Clock, handlers: InputHandlers): () => void {
  let pasted: string | undefined;
  let lastMs = 0;
  const take = (text: string | undefined, key: NodeKey): void => {
    const nowMs = clock.monotonicMs();
    const isLate = nowMs - lastMs > PAUSE_MS;
    lastMs = nowMs;
    if (key.name === 'paste-start') {
      pasted = '';
    } else if (key.name === 'paste-end') {
      const whole = pasted ?? '';
      pasted = undefined;
      handlers.paste(whole);
    } else if (pasted === undefined) {
      handlers.key(keyOf(text, key));
    } else if (isInterrupt(key) && (isLate || pasted.length >= MAX_PASTE_LENGTH)) {
      pasted = undefined;
      handlers.key(keyOf(text, key));
    } else if (pasted.length < MAX_PASTE_LENGTH) {
      pasted += text ?? key.sequence ?? '';
    }
  };
  // Of the interface, the decoder of keys asks for this alone; without it, an Esc would take half a second.
  emitKeypressEvents(stream, { escapeCodeTimeout: ESCAPE_MS } as unknown as Interface);
  stream.on('keypress', take);
  return () => void stream.off('keypress', take);
}

function isInterrupt({ name, ctrl }: NodeKey): boolean {
  return name === 'c' && ctrl === true;
}

function keyOf(text: string | undefined, { name, ctrl, meta, sequence }: NodeKey): Key {
  // Alt and a letter comes as that letter, and means nothing here.
  const typed = ctrl === true || meta === true ? '' : (text ?? '');
  return { name: name ?? sequence ?? '', text: typed, ctrl: ctrl === true, meta: meta === true };
}
