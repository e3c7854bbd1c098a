/** Bars in the cells of tables. */
import { el } from './dom.ts';

/** A bar, for eyes only: the cell beside it has the number. @param part - from 0 to 1 */
export function bar(part: number): HTMLElement {
  const fill = el('span', { class: 'fill' });
  fill.style.width = `${Math.max(0, Math.min(1, part)) * 100}%`;
  return el('span', { class: 'bar', 'aria-hidden': 'true' }, fill);
}
