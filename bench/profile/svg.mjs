/** A call tree as a flame graph: one SVG without a script; a frame's share is in its tooltip. Callers are above. */

const WIDTH = 1200;
const ROW = 17;
const HEAD = 46;
/** What a letter of the font takes. */
const LETTER = 6.3;
const LEAST_LETTERS = 3;
const COLOURS = { ours: '#8fd18f', rust: '#8db8ee', kernel: '#f2b36b', node: '#cccccc', other: '#e6d9a8' };
const LEGEND = { ours: 'JavaScript', rust: 'native code', kernel: 'kernel', node: 'Node and V8', other: 'C library' };

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escapeXml(text) {
  return text.replaceAll(/[&<>"]/g, (letter) => ESCAPES[letter]);
}

function depthOf({ children }) {
  return 1 + Math.max(0, ...children.map(depthOf));
}

function frameText(name, width) {
  const letters = Math.floor((width - 4) / LETTER);
  if (letters < LEAST_LETTERS) return '';
  return name.length <= letters ? name : `${name.slice(0, letters - 1)}\u2026`;
}

function frameSvg({ name, kind, total, self }, { x, y, width, whole }) {
  const percent = (part) => `${((100 * part) / whole).toFixed(1)} %`;
  const title = `<title>${escapeXml(name)}: ${percent(total)}, itself ${percent(self)}</title>`;
  const box = `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0.5, width - 0.5).toFixed(1)}" height="${ROW - 1}" fill="${COLOURS[kind]}"/>`;
  const text = frameText(name, width);
  const label = text === '' ? '' : `<text x="${(x + 2).toFixed(1)}" y="${y + 12}">${escapeXml(text)}</text>`;
  return `<g>${title}${box}${label}</g>`;
}

function framesSvg(node, place) {
  const { whole } = place;
  let { x } = place;
  const parts = [frameSvg(node, place)];
  for (const child of node.children) {
    const width = (child.total / whole) * WIDTH;
    parts.push(...framesSvg(child, { x, y: place.y + ROW, width, whole }));
    x += width;
  }
  return parts;
}

function legendSvg() {
  return Object.entries(LEGEND)
    .map(([kind, name], i) => {
      const x = 8 + i * 110;
      return `<rect x="${x}" y="26" width="12" height="12" fill="${COLOURS[kind]}"/><text x="${x + 16}" y="36">${name}</text>`;
    })
    .join('');
}

/** The picture of a tree that was pruned. */
export function flameGraph(tree, title) {
  const height = HEAD + depthOf(tree) * ROW + 4;
  const frames = framesSvg(tree, { x: 0, y: HEAD, width: WIDTH, whole: tree.total });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="monospace" font-size="10.5">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="8" y="16" font-size="13">${escapeXml(title)}</text>${legendSvg()}`,
    ...frames,
    '</svg>\n',
  ].join('\n');
}
