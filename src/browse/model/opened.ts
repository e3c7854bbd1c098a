/** Which batches show their records. */
import { batchName, type Opened, type Place } from '../contract.ts';

/** So many batches can be opened by hand; then the first ones close. */
const MAX_OPENED = 1000;

/** Opens or closes one batch. */
export function withOpen(opened: Opened, batch: Pick<Place, 'base' | 'position'>, isOpen: boolean): Opened {
  const named = new Set(opened.named);
  const name = batchName(batch);
  named.delete(name);
  if (isOpen !== opened.all) named.add(name);
  const oldest = named.values().next().value;
  if (named.size > MAX_OPENED && oldest !== undefined) named.delete(oldest);
  return { all: opened.all, named };
}
