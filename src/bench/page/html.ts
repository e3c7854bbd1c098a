/** Pieces of HTML. Every text that comes in is escaped; what comes out is safe to put into a page. */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it stands in HTML, in an attribute too. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (found) => ENTITIES[found] ?? found);
}

/** A paragraph of plain text. */
export function paragraphHtml(text: string): string {
  return `<p>${escapeHtml(text)}</p>`;
}

/** Text with its line breaks and columns: commands, raw data. */
export function preHtml(text: string): string {
  return `<pre>${escapeHtml(text)}</pre>`;
}

function cellText(cell: string | number): string {
  return typeof cell === 'number' ? cell.toLocaleString('en-US', { maximumFractionDigits: 3 }) : cell;
}

/** Whether a column's cells are all numbers, or nothing: these are compared with what stands above and below them. */
function isOfNumbers(column: readonly string[]): boolean {
  return column.every((text) => text === '' || /^[-+]?\d/.test(text)) && column.some((text) => text !== '');
}

/** A table; columns of numbers stand on the right. */
export function tableHtml(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map(cellText));
  const kinds = header.map((_, i) => (isOfNumbers(texts.map((row) => row[i] ?? '')) ? ' class="number"' : ''));
  const head = header.map((name, i) => `<th${kinds[i]}>${escapeHtml(name)}</th>`).join('');
  const rowHtml = (row: readonly string[]): string =>
    `<tr>${row.map((text, i) => `<td${kinds[i] ?? ''}>${escapeHtml(text)}</td>`).join('')}</tr>`;
  return `<table><thead><tr>${head}</tr></thead><tbody>\n${texts.map(rowHtml).join('\n')}\n</tbody></table>`;
}
