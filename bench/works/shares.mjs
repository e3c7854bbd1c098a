/** Values that are shares of one kind of line of another of the same process. */

/** The share that one kind of line reaches of another of the same round, as they took turns. */
export function shares(wanted, base, of) {
  return (lines, warm) => {
    const bases = new Map(lines.filter(({ work }) => work === base).map((line) => [line.round, line]));
    return lines
      .filter(({ work, round }) => work === wanted && round >= warm && bases.has(round))
      .map((line) => of(line, bases.get(line.round)));
  };
}
