/** docs/profiles/README.md: a line for each profile, with the frames that take most of its time themselves. */

const HEAD = `# Profiles

\`npm run bench:profile -- append|read|recover|compact|dump [--engine native|ts]\` writes these pictures and this table (\`all\`: these five;
\`bends\`: the points where the curves of [benchmarks.md](../benchmarks.md) bend): where the time goes, frames below 0.3 % left out, callers above, a frame's share in its tooltip. Green is JavaScript, blue native code, orange the
kernel, grey Node and V8 themselves, folded into one frame. Native frames come from \`perf\`, on an addon built with names in it;
where \`perf\` is missing, and for the TypeScript engine, from Node's own \`--cpu-prof\`, which sees processor and waiting time of the main thread alone.
The numbers of a profile are shares: speeds are in [benchmarks.md](../benchmarks.md).

| profile | measured | most time of their own |
|---|---|---|
`;

function lineOf({ name, measured, top }) {
  const frames = top
    .map(({ name: frame, share }) => `\`${frame.replaceAll('|', '/')}\` ${(share * 100).toFixed(0)} %`)
    .join(', ');
  return `| [${name}](${name}.svg) | ${measured} | ${frames} |`;
}

/** The table with this profile's line in its place; the others stay as they are. */
export function withProfile(text, profile) {
  const lines = (text ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| [') && !line.startsWith(`| [${profile.name}]`));
  lines.push(lineOf(profile));
  return `${HEAD}${lines.sort().join('\n')}\n`;
}
