/**
 * `npm run docs:metrics`: writes the tables of metrics and of events into docs/metrics.md, between their marks, from the lists
 * in src/metrics. Takes them from dist/: build first. test/docs/metrics-page.test.ts holds the file to them.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const DOCUMENT = path.resolve(fileURLToPath(new URL('../docs/metrics.md', import.meta.url)));
/** Labels whose values are not names of somebody else's. */
const OPEN_LABELS = ['topic', 'partition', 'directory', 'code'];

/** What is between the marks of a table. */
function marksOf(table) {
  return [`<!-- ${table}: written by \`npm run docs:metrics\` -->`, `<!-- end of ${table} -->`];
}

function labelsText({ labelNames, samples }) {
  const texts = labelNames.map((name) => {
    if (OPEN_LABELS.includes(name)) return `\`${name}\``;
    const values = [...new Set(samples.map(({ labels }) => labels[name]))];
    return `\`${name}\` (${values.map((value) => `\`${value}\``).join(', ')})`;
  });
  return texts.join(', ');
}

/**
 * The table of metrics, in Markdown.
 *
 * @param {readonly import('../src/metrics/families.ts').MetricFamily[]} families those of a store with a partition
 * @returns {string}
 */
export function metricsTable(families) {
  const rows = families.map(
    (family) => `| \`${family.name}\` | ${family.type} | ${labelsText(family)} | ${family.help.replace(/\.$/, '')} |`,
  );
  return ['| metric | | labels | |', '|---|---|---|---|', ...rows].join('\n');
}

/**
 * The table of events, in Markdown.
 *
 * @param {Readonly<Record<string, { level: string, message: string, fields: readonly string[] }>>} events
 * @returns {string}
 */
export function eventsTable(events) {
  const rows = Object.entries(events).map(
    ([name, { level, message, fields }]) =>
      `| \`${name}\` | ${level} | ${message} | ${fields.map((field) => `\`${field}\``).join(', ')} |`,
  );
  return ['| event | level | message | fields |', '|---|---|---|---|', ...rows].join('\n');
}

/**
 * The document with tables between their marks.
 *
 * @param {string} document
 * @param {Readonly<Record<string, string>>} tables by the names in their marks
 * @returns {string}
 */
export function withTables(document, tables) {
  return Object.entries(tables).reduce((text, [table, content]) => {
    const [begin, end] = marksOf(table);
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`${DOCUMENT} lacks its marks:\n${begin}\n${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${content}\n\n${text.slice(to)}`;
  }, document);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { LOG_EVENTS } = await import('../dist/metrics/events.js');
  const { LogMeasures } = await import('../dist/metrics/measures.js');
  const { StoreMeasures } = await import('../dist/metrics/store-families.js');
  const log = { topic: 't', partition: 0, measures: new LogMeasures(), state: undefined, dirtyRatio: undefined };
  const counts = {
    topics: 1,
    uncleanablePartitions: 0,
    deletingDirectories: 0,
    cleanerThreads: 1,
    compactionsRunning: 0,
  };
  const families = new StoreMeasures().families({ logs: [log], directories: [], ...counts });
  const tables = { metrics: metricsTable(families), events: eventsTable(LOG_EVENTS) };
  writeFileSync(DOCUMENT, withTables(readFileSync(DOCUMENT, 'utf8'), tables));
}
