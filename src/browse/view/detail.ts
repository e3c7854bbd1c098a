/** The lower pane: all of the current row, decoded or as bytes. Lines are made when they are shown. */
import { codecName } from '../../inspect/batch-summary.ts';
import type { RecordDecoder } from '../../inspect/decode/contract.ts';
import { eachHeader } from '../../inspect/dump-lines.ts';
import type { ExactCursor } from '../../inspect/records.ts';
import type { Place, Row, Told } from '../contract.ts';
import type { State } from '../model/state.ts';
import { type ByteRange, hexLine, hexLines, rangeOf } from './hex.ts';
import { type Abilities, type Line, line, span } from './line.ts';
import { recordLines } from './record-detail.ts';
import { previewText, sizeText, timeText } from './words.ts';
import { wrapped } from './wrap.ts';

/** Lines that are made one by one. */
export interface Detail {
  readonly length: number;
  line(number: number): Line;
}

/** What details are made from. */
export interface DetailContext {
  readonly abilities: Abilities;
  /** For keys and values; undefined where nothing is known of the topic. */
  readonly decoder: RecordDecoder | undefined;
  /** Bytes of the file, `at` bytes behind a place. */
  readonly raw: (place: Place, at: number, length: number) => Uint8Array;
}

/** The detail of the current row. */
export function detailOf(row: Row | undefined, state: State, context: DetailContext): Detail {
  if (row === undefined) return listed([]);
  if (row.kind === 'end') return listed(endLines(state));
  if (row.kind === 'record') {
    return state.tab === 'hex'
      ? hexOfRecord(row.record, state.columns)
      : listed(recordLines(row.record, row.entry.summary, state.columns, context.decoder, context.abilities));
  }
  const { entry } = row;
  const range = { length: entry.size, read: (at: number, count: number) => context.raw(row.place, at, count) };
  if (state.tab === 'hex') return sections([[line(span('the bytes in the file', 'bold')), range]], state.columns);
  if (row.kind === 'fault') return listed(faultLines(row.fault, entry, state.columns, context.abilities));
  return listed(batchLines(row, state.columns, context.abilities));
}

function listed(lines: readonly Line[]): Detail {
  return { length: lines.length, line: (number) => lines[number] ?? line() };
}

/** Headed ranges, one after the other. */
function sections(parts: readonly (readonly [Line, ByteRange])[], columns: number): Detail {
  const starts: number[] = [];
  let length = 0;
  for (const [, range] of parts) {
    starts.push(length);
    length += 1 + hexLines(range.length, columns);
  }
  return {
    length,
    line(number) {
      const index = starts.findLastIndex((start) => start <= number);
      const [head, range] = parts[index] ?? [line(), rangeOf(new Uint8Array(0), 0, 0)];
      const within = number - (starts[index] ?? 0);
      return within === 0 ? head : hexLine(range, within - 1, columns);
    },
  };
}

function hexOfRecord(record: ExactCursor, columns: number): Detail {
  const { bytes, keyStart, keyLength, valueStart, valueLength } = record;
  const parts: (readonly [Line, ByteRange])[] = [];
  const add = (name: string, start: number, length: number): void => {
    const head = length < 0 ? `${name}: null` : `${name}: ${length} bytes`;
    parts.push([line(span(head, 'bold')), rangeOf(bytes, start, Math.max(0, length))]);
  };
  add('key', keyStart, keyLength);
  add('value', valueStart, valueLength);
  eachHeader(record, (start, length, itsValueStart, itsValueLength) => {
    add(`header ${previewText(bytes, start, length, 60)}`, itsValueStart, itsValueLength);
  });
  return sections(parts, columns);
}

/** A field of a table: its name in a column. */
function field(name: string, value: string): Line {
  return line(span(name.padEnd(22), 'dim'), span(value));
}

function batchLines(row: Row & { readonly kind: 'batch' }, columns: number, abilities: Abilities): Line[] {
  const { summary, fault } = row.entry;
  const { deleteHorizonMs, maxTimestamp } = summary;
  return [
    ...(fault === undefined ? [] : told(fault, columns, abilities)),
    field('offsets', `${summary.baseOffset ?? '?'} to ${summary.lastOffset ?? '?'}`),
    ...(summary.count === null ? [] : [field('records', String(summary.count))]),
    field(summary.timestampType, `${timeText(maxTimestamp)} (${maxTimestamp}), the largest`),
    field('position', `${summary.position}, ${summary.size} bytes (${sizeText(summary.size)})`),
    field('format', `${summary.magic}, compression ${codecName(summary.codec)}`),
    field('crc', `${summary.crc}, ${summary.valid ? 'valid' : 'NOT valid'}`),
    field('partitionLeaderEpoch', String(summary.partitionLeaderEpoch)),
    field('producer', `id ${summary.producerId}, epoch ${summary.producerEpoch}`),
    field('sequences', `${summary.baseSequence} to ${summary.lastSequence}`),
    field('isTransactional', String(summary.isTransactional)),
    field('isControl', String(summary.isControl)),
    ...(deleteHorizonMs === null ? [] : [field('deleteHorizonMs', String(deleteHorizonMs))]),
  ];
}

function faultLines(
  fault: Told,
  { position, size }: { readonly position: number; readonly size: number },
  columns: number,
  abilities: Abilities,
): Line[] {
  return [...told(fault, columns, abilities), field('position', `${position}, ${size} bytes`)];
}

function told({ code, text }: Told, columns: number, abilities: Abilities): Line[] {
  return [
    line(span(code, 'bad')),
    ...wrapped(text, columns, abilities).map((part) => line(span(part))),
    line(span(`seglog help ${code} says more, seglog dump and seglog verify show all of it`, 'dim')),
    line(),
  ];
}

function endLines({ info, isFollowing }: State): Line[] {
  return [
    field('segments', String(info.segments)),
    field('size', sizeText(info.sizeBytes)),
    field('first segment', String(info.start ?? 'none')),
    field('log end offset', String(info.end ?? 'none')),
    line(),
    line(span(isFollowing ? 'following: new records appear here' : 'f follows the log as it grows', 'dim')),
  ];
}
