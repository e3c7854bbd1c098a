/** How long works take, so that nobody waits in the dark. */

/**
 * Seconds of one turn of all sides, and of what is made before the first, with the usual options: rounded from runs on two cores at
 * 3 GHz, `OTHERS` a guess for works that are not named. Nothing but the estimate hangs on them. One that is `like` another takes none.
 */
const SECONDS = {
  append: [21, 0],
  'append-one': [15, 0],
  read: [33, 0],
  'read-objects': [9, 0],
  seek: [22, 0],
  'append-1k': [15, 0],
  'read-1k': [9, 0],
  recover: [10, 0],
  'append-lz4': [29, 0],
  'read-lz4': [35, 0],
  'append-zstd': [30, 0],
  'read-zstd': [25, 0],
  compact: [35, 0],
  'compact-lz4': [45, 0],
  'open-2': [2, 15],
  'open-200': [3, 60],
  retention: [55, 0],
  'first-line': [1, 0],
  'one-offset': [1, 0],
  'one-time': [1, 0],
  version: [1, 0],
  'beside-clean-full': [45, 0],
  'beside-clean-half': [45, 0],
  'memory-append': [15, 0],
  'memory-read': [15, 5],
  'memory-tail': [25, 5],
  'memory-dump': [30, 5],
  verify: [25, 25],
  dump: [28, 0],
  'dump-text': [8, 0],
};
const OTHERS = [5, 5];
/** A quick try has loads of a tenth and less; what is left is starting processes. */
const QUICK = 0.25;

/** Minutes, rounded up to a tenth, that works take with these options; the sides that do not run are left out by their number. */
export function minutesOf(works, sides, { turns, quick }) {
  let seconds = 0;
  for (const { name, like, turns: most = turns, sides: all } of works) {
    if (like !== undefined) continue;
    const [turn, fixture] = SECONDS[name] ?? OTHERS;
    const names = Object.keys(all).filter((side) => !side.endsWith('-before'));
    const share = names.filter((side) => sides.includes(side)).length / names.length;
    seconds += fixture + turn * share * Math.min(turns, most);
  }
  return Math.ceil((seconds * (quick ? QUICK : 1)) / 6) / 10;
}
