/** The cleaner's part of the contract in TypeScript, over an engine's codecs. */
import { SeglogError } from '../../../errors/errors.ts';
import { CLEAN_STATE, type CleaningEngine, MAP_STATE } from '../../cleaning.ts';
import { buildMap } from './build-map.ts';
import { type PassTools, runCleanPass } from './clean-pass.ts';
import { KeptRecords } from './kept.ts';
import { asSlotMap, SlotMap } from './offset-map.ts';
import { Rebuild } from './rebuild.ts';
import { type Codecs, RecordSource } from './source.ts';

function requireState(state: Float64Array, length: number, rules: Uint8Array, count: number): void {
  const batch = state[0];
  const isFine =
    state.length >= length &&
    Number.isInteger(count) &&
    rules.length >= count &&
    Number.isInteger(batch) &&
    (batch as number) >= 0;
  if (!isFine) throw new SeglogError('INVALID_ARGUMENT', 'the state or the rules are too short');
}

/** Memory is taken at the first call, and used again by later ones. */
export function cleaningBy(codecs: Codecs): CleaningEngine {
  let tools: PassTools | undefined;
  const toolsOf = (): PassTools =>
    (tools ??= { source: new RecordSource(codecs), kept: new KeptRecords(), rebuild: new Rebuild(codecs) });
  return {
    createOffsetMap: (memoryBytes, loadFactor) => new SlotMap(memoryBytes, loadFactor),
    buildOffsetMap(map, bytes, rows, rules, count, state) {
      requireState(state, MAP_STATE.length, rules, count);
      buildMap(toolsOf().source, asSlotMap(map), bytes, rows, rules, count, state);
    },
    cleanBatches(map, bytes, rows, rules, count, target, targetRows, state) {
      requireState(state, CLEAN_STATE.length, rules, count);
      runCleanPass(toolsOf(), asSlotMap(map), bytes, rows, rules, count, target, targetRows, state);
    },
  };
}
