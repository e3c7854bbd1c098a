/** The whole picture of a state, as text. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { START_PLACE, type Opened } from '../../src/browse/contract.ts';
import { firstState, heights, type State } from '../../src/browse/model/state.ts';
import { detailOf } from '../../src/browse/view/detail.ts';
import { type Frame, frameOf } from '../../src/browse/view/frame.ts';
import { recordDecoder } from '../../src/inspect/decode/decoders.ts';
import { Log } from '../../src/log/log.ts';
import { FIXTURES } from '../support/fixtures.ts';
import { scratchPartition } from '../support/temp.ts';
import { ALL_CLOSED, ALL_OPEN, finish, sourceOf } from './support.ts';

const ABILITIES = { unicode: true, colors: true };

/** What is shown of a directory, the cursor on row number `cursor`. */
function shownOf(directory: string, opened: Opened, cursor: number, more: Partial<State> = {}, topic?: string): Frame {
  const source = sourceOf(directory);
  const first = { ...firstState(100, 40, 'auto'), opened, info: finish(source.info()), ...more };
  const window = { ...finish(source.window(START_PLACE, 0, heights(first).list, opened)), cursor };
  const state = { ...first, window };
  const context = {
    abilities: ABILITIES,
    decoder: recordDecoder(state.decode, topic),
    raw: source.raw.bind(source),
  };
  return frameOf(state, detailOf(window.rows[cursor], state, context), { name: 't-0', abilities: ABILITIES });
}

function textOf({ lines }: Frame): string {
  return lines.map(({ spans }) => spans.map(({ text }) => text).join('')).join('\n');
}

test('batches, and all of the one under the cursor', () => {
  const frame = shownOf(join(FIXTURES, 'clean/f-txn-0'), ALL_CLOSED, 0);
  expect(frame.lines.length).toBe(40);
  const text = textOf(frame);
  expect(text).toMatch(/▸ 0\.\.\d+ +20\d\d-.* records?, .*transactional, producer \d+\/0/);
  expect(text).toMatch(/isTransactional +true/);
  expect(text).toContain('control');
});

test('JSON, text, binary values, headers and nulls of records', async () => {
  const directory = scratchPartition();
  const log = await Log.open(directory);
  await log.append([
    { key: 'json', value: '{"id":12345678901234567890,"list":[1,2]}', headers: [['trace', Buffer.from('abc')]] },
    { key: 'lines', value: 'one\ntwo\x1b[2J' },
    { key: Buffer.of(0, 255), value: null },
  ]);
  await log.close();
  const json = textOf(shownOf(directory, ALL_OPEN, 1));
  expect(json).toContain('"id": 12345678901234567890,');
  expect(json).toContain('trace: abc');
  const lines = textOf(shownOf(directory, ALL_OPEN, 2));
  expect(lines).toMatch(/^ {2}one$/m);
  expect(lines).toMatch(/^ {2}two\\x1b\[2J$/m);
  const binary = textOf(shownOf(directory, ALL_OPEN, 3));
  expect(binary).toContain('\\x00\\xff');
  expect(binary).toMatch(/value +null/);
  const hex = textOf(shownOf(directory, ALL_OPEN, 3, { tab: 'hex' }));
  expect(hex).toContain('00000000  00 ff');
  expect(textOf(shownOf(directory, ALL_CLOSED, 0, { tab: 'hex' }))).toContain('00000000  00 00 00 00 00 00 00 00');
});

test("records of Kafka's own topics, decoded by the topic's name", () => {
  const text = textOf(shownOf(join(FIXTURES, 'clean/__cluster_metadata-0'), ALL_OPEN, 5, {}, '__cluster_metadata'));
  expect(text).toMatch(/"type": "/);
});

test('control records in words', () => {
  const directory = join(FIXTURES, 'clean/f-txn-0');
  const rows = finish(sourceOf(directory).window(START_PLACE, 0, 22, ALL_OPEN)).rows;
  const at = rows.findIndex((row) => row.kind === 'record' && row.entry.summary.isControl);
  expect(textOf(shownOf(directory, ALL_OPEN, at, { lines: 80 }))).toMatch(
    /endTxnMarker: (?:COMMIT|ABORT) coordinatorEpoch: \d/,
  );
});

test('a terminal that is too small says so; every other one gets as many lines as it has', () => {
  const directory = join(FIXTURES, 'clean/f-none-0');
  expect(textOf(shownOf(directory, ALL_CLOSED, 0, { columns: 10, lines: 5 }))).toBe('too small');
  for (const lines of [8, 9, 11, 24, 100])
    expect(shownOf(directory, ALL_OPEN, 0, { columns: 20, lines }).lines.length).toBe(lines);
});

test('a prompt shows what is typed, with the cursor behind it, however long it is', () => {
  const directory = join(FIXTURES, 'clean/f-none-0');
  const typed = (text: string[]): Frame =>
    shownOf(directory, ALL_CLOSED, 0, { prompt: { kind: 'search', text, cursor: text.length }, columns: 40 });
  expect(typed(['a', '漢', '\x1b']).cursor).toEqual({ column: 'search: '.length + 1 + 2 + 4, line: 39 });
  expect(textOf(typed(['a', '漢', '\x1b']))).toContain('search: a漢\\x1b');
  expect(typed(Array.from({ length: 500 }, () => 'x')).cursor?.column).toBeLessThan(40);
});
