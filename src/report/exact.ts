/** int64s as JSON has them. */
import type { Int64 } from '../inspect/int64.ts';
import type { Exact } from './contract.ts';

/** A number where that is exact, digits where it is not. */
export function exact(value: Int64): Exact {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : String(value);
}
