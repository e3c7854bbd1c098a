/**
 * Whether ratios are what they were. Never absolute times: the machine is another each time, and so is the hour.
 *
 * The noise band: a quarter, or twice the spread that the ratio had when the baseline was recorded, where that is more; two
 * fifths at most, so that nothing goes unguarded.
 */

const LEAST_BAND = 0.25;
const MOST_BAND = 0.4;
const SPREADS = 2;

/** How far, as a share of it, a ratio may be below the baseline's without a word. */
export function bandOf({ spread }) {
  return Math.min(MOST_BAND, Math.max(LEAST_BAND, SPREADS * spread));
}

/**
 * What is to be said of one ratio: `measured` is the summary of its turns, or undefined where it could not be measured.
 *
 * - `worse`: the median is below the band, and the best of its turns is, too
 * - `unsure`: the median is below, but not every turn: measure again on a quieter machine
 * - `better`: every turn is above the band: the baseline should be recorded anew
 * - `changed`: the baseline measured something else: it must be recorded anew
 * - `same`, `missing`
 */
export function decide(entry, measured, commands = entry.commands) {
  const band = bandOf(entry);
  const floor = entry.ratio * (1 - band);
  const said = { ...entry, band, floor, measured };
  if (measured !== undefined && String(commands) !== String(entry.commands)) return { ...said, verdict: 'changed' };
  if (measured === undefined) return { ...said, verdict: 'missing' };
  if (measured.median < floor) return { ...said, verdict: measured.most < floor ? 'worse' : 'unsure' };
  return { ...said, verdict: measured.least > entry.ratio * (1 + band) ? 'better' : 'same' };
}

/** What the two programs of a ratio were told: ratios of other loads cannot be compared. */
function commandsOf(sides, ...names) {
  return names.map((name) => sides[name]?.command);
}

/** The ratios that results have, as entries of a baseline. */
export function entriesOf(works) {
  return works.flatMap(({ name, base, sides }) =>
    Object.entries(sides)
      .filter(([, { ratio }]) => ratio !== undefined)
      .map(([side, { ratio }]) => ({
        work: name,
        side,
        to: base,
        ratio: Number(ratio.median.toFixed(3)),
        spread: Number(ratio.spread.toFixed(3)),
        commands: commandsOf(sides, base, side),
      })),
  );
}

/**
 * All entries of a baseline against results.
 *
 * @returns {{ verdict: 'worse' | 'unsure' | 'better' | 'changed' | 'same' | 'missing' }[]}
 */
export function compareAll(entries, works) {
  return entries.map((entry) => {
    const work = works.find(({ name }) => name === entry.work);
    const ratio = work?.base === entry.to ? work.sides[entry.side]?.ratio : undefined;
    return decide(entry, ratio, ratio && commandsOf(work.sides, entry.to, entry.side));
  });
}

/** 1 when something is worse, or guarded no more; else 0: what is unsure or missing is no proof. */
export function exitCodeOf(decisions) {
  return decisions.some(({ verdict }) => verdict === 'worse' || verdict === 'changed') ? 1 : 0;
}
