/** Moments, spans and sizes in words. */
import { expect, test } from 'vitest';
import { bytesText, counted, spanText, timeText } from '../../../src/inspect/explain/words.ts';

test('moments are dates in UTC, as far as there are dates', () => {
  expect(timeText(0)).toBe('1970-01-01T00:00:00.000Z');
  expect(timeText(8_640_000_000_000_000)).toBe('+275760-09-13T00:00:00.000Z');
  expect(timeText(8_640_000_000_000_001)).toBe('8640000000000001 ms after 1970');
  expect(timeText(2n ** 63n - 1n)).toBe('9223372036854775807 ms after 1970');
});

test('spans have their two largest units', () => {
  expect(spanText(0)).toBe('0 ms');
  expect(spanText(604_800_000)).toBe('7 d');
  expect(spanText(604_800_001)).toBe('7 d');
  expect(spanText(90_061_001)).toBe('1 d 1 h');
  expect(spanText(-61_000)).toBe('-1 min 1 s');
  expect(spanText(2n ** 63n - 1n)).toBe('292471208 y 247 d');
  expect(spanText(Infinity)).toBe('for ever');
});

test('sizes and counts are exact', () => {
  expect(bytesText(1)).toBe('1 byte');
  expect(bytesText(1023)).toBe('1023 bytes');
  expect(bytesText(1_572_864)).toBe('1572864 bytes (1.5 MiB)');
  expect(counted(2, 'batch has', 'batches have')).toBe('2 batches have');
});
