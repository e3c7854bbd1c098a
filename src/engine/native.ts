/** Placeholder until the addon's loader is here. */
import type { Engine } from './contract.ts';
export function loadNative(_options: { portable: boolean }): { engine: Engine } | { causes: { path: string; reason: string }[] } {
  return { causes: [{ path: 'native', reason: 'not built' }] };
}
