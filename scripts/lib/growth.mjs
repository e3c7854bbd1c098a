/** Whether a process grows: samples of what it holds, and a line that is fitted to them. */
import { readdirSync, readFileSync } from 'node:fs';

/** The part of the samples that is warm-up: caches fill, the heap finds its size. */
const WARM_UP = 0.4;

/**
 * What this process holds; where Linux does not tell, no descriptors and mappings.
 *
 * @typedef {{ atMs: number, rssBytes: number, handles: number, mappings: number }} Sample
 * @returns {Sample}
 */
export function sample(startedMs = 0) {
  const linux = process.platform === 'linux';
  return {
    atMs: performance.now() - startedMs,
    rssBytes: process.memoryUsage.rss(),
    handles: linux ? readdirSync('/proc/self/fd').length : 0,
    mappings: linux ? readFileSync('/proc/self/maps', 'latin1').split('\n').length : 0,
  };
}

/**
 * By how much a line that is fitted to the samples behind the warm-up rises from its first to its last.
 *
 * @param {readonly { atMs: number }[]} samples
 * @param {(one: any) => number} valueOf
 * @param {number} warmUp the part of the samples that is passed over
 */
export function growth(samples, valueOf, warmUp = WARM_UP) {
  const kept = samples.slice(Math.floor(samples.length * warmUp));
  const meanX = kept.reduce((sum, { atMs }) => sum + atMs, 0) / kept.length;
  const meanY = kept.reduce((sum, one) => sum + valueOf(one), 0) / kept.length;
  const above = kept.reduce((sum, one) => sum + (one.atMs - meanX) * (valueOf(one) - meanY), 0);
  const below = kept.reduce((sum, { atMs }) => sum + (atMs - meanX) ** 2, 0);
  return below === 0 ? 0 : (above / below) * (kept.at(-1).atMs - kept[0].atMs);
}

/** {@link growth} of each thing that a sample counts. @param {readonly Sample[]} samples */
export function growths(samples, warmUp = WARM_UP) {
  return {
    handles: growth(samples, (one) => one.handles, warmUp),
    mappings: growth(samples, (one) => one.mappings, warmUp),
    rssBytes: growth(samples, (one) => one.rssBytes, warmUp),
  };
}

/** What grew by more than it may, in words. @param {Record<string, number>} grown @param {Record<string, number>} most */
export function tooMuch(grown, most) {
  return Object.entries(most)
    .filter(([what, limit]) => grown[what] > limit)
    .map(([what, limit]) => `${what} grew by ${Math.round(grown[what])}, more than ${limit}`);
}
