/**
 * The text of every .log file in the fixtures is what kafka-dump-log --print-data-log prints of it, apart from what is
 * listed here.
 */
import { expect, test } from 'vitest';
import { runPeer } from '../../scripts/peer.mjs';
import { FieldPrinter, type Redactable } from '../../src/inspect/byte-encoding.ts';
import { TextLines } from '../../src/inspect/dump-lines.ts';
import { knownFile } from '../../src/inspect/file-kinds.ts';
import { collect } from '../inspect/collect.ts';
import { segments } from '../support/fixtures.ts';
import { PATIENCE_MS, withKafka } from './kafka.ts';

/** Kafka prints keys and values as they are, also what steers a terminal or ends a line; we escape that. */
class RawPrinter extends FieldPrinter {
  override text(_: Redactable, bytes: Uint8Array, start: number, length: number): string {
    return Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('utf8');
  }
}

/** What is ours: formats 0 and 1 have the first offset too, as other batches have, and no checksums of single messages. */
const withoutDifferences = (text: string): string[] =>
  text
    // Java and Node do not agree on how many U+FFFD stand for bytes that are no UTF-8.
    .replace(/\ufffd+/g, '\ufffd')
    .replace(/^baseOffset: -?\d+ lastOffset: (?=-?\d+ position: .* magic: [01] )/gm, 'offset: ')
    .replace(/^(\| offset: .* valueSize: -?\d+) isValid: true crc: \d+/gm, '$1')
    .split('\n');

/** Kafka's text of each file. */
async function printedByKafka(paths: readonly string[]): Promise<Map<string, string>> {
  const args = ['--print-data-log', '--files', paths.join(',')];
  const text = (await runPeer('org.apache.kafka.tools.DumpLogSegments', args)) as string;
  const parts = text.split(/^Dumping (\/.*)\n/m);
  return new Map(paths.map((path) => [path, parts[parts.indexOf(path) + 1] ?? '']));
}

/** Ours, with Kafka's heading. */
function printedByUs(path: string): string {
  const { text } = collect(path, { json: false, rows: () => new TextLines(new RawPrinter('utf8')) });
  return `${knownFile(path).heading}\n${text}`;
}

await withKafka(() => {
  test('the text of all segments of the fixtures', { timeout: PATIENCE_MS }, async () => {
    const paths = segments('clean', 'unclean', 'legacy').map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(50);
    const kafkas = await printedByKafka(paths);
    for (const path of paths) {
      expect(withoutDifferences(printedByUs(path)), path).toEqual(withoutDifferences(kafkas.get(path) ?? ''));
    }
  });
});
