/**
 * Makes elements. Text goes in as text nodes and nowhere else: there is no way from data to markup here. What data would hide
 * or turn around (controls, escape sequences, marks of direction) is shown as an escape.
 */

/** What an element may hold. Nothing is made of `null`. */
export type Child = Node | string | number | null;
type Listener = (event: Event) => void;
/** Attributes; functions listen to the event of their name; `false` is an attribute that is not there. */
export type Attributes = Readonly<Record<string, string | number | boolean | Listener>>;

/** An element. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  append(element, children);
  return element;
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === null) continue;
    element.append(typeof child === 'number' ? count(child) : child);
  }
}

/** Puts new children in the place of all there are. */
export function replace(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren();
  append(element, children);
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Controls, format characters (marks of direction among them), separators of lines, halves of pairs. Joiners make emoji. */
const HIDDEN = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '\u001b': '\\e' };

function escapeOf(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return SHORT[character] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`);
}

/** Text of users as it is, with what hides in it made visible. It stands apart from the direction of what is around it. */
export function shown(text: string, query = ''): HTMLElement {
  const element = el('bdi', { class: 'shown' });
  if (query === '') {
    reveal(element, text);
    return element;
  }
  const low = text.toLowerCase();
  // Where lower case has another length, places would not fit.
  const wanted = low.length === text.length ? query.toLowerCase() : query;
  const searched = low.length === text.length ? low : text;
  let at = 0;
  for (let found = searched.indexOf(wanted); found >= 0; found = searched.indexOf(wanted, at)) {
    reveal(element, text.slice(at, found));
    const mark = el('mark');
    reveal(mark, text.slice(found, found + wanted.length));
    element.append(mark);
    at = found + wanted.length;
  }
  reveal(element, text.slice(at));
  return element;
}

function reveal(element: Element, text: string): void {
  let at = 0;
  for (const { 0: hidden, index } of text.matchAll(HIDDEN)) {
    if (index > at) element.append(text.slice(at, index));
    element.append(el('span', { class: 'escape' }, escapeOf(hidden)));
    at = index + hidden.length;
  }
  if (at < text.length) element.append(text.slice(at));
}

/** A button. */
export function button(label: string, press: () => void, attributes: Attributes = {}): HTMLButtonElement {
  return el('button', { type: 'button', ...attributes, click: () => press() }, label);
}

/** A part that opens; what is in it is made when it does. */
export function lazyDetails(summary: string, build: () => Node): HTMLDetailsElement {
  const details = el('details', {}, el('summary', {}, summary));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(build());
  });
  return details;
}

/** The element with that id. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}
