/** Moments as the page writes them. */
import { describe, expect, it } from 'vitest';
import { minute, moment } from '../../src/report/page/format.ts';

describe('a moment', () => {
  it('is a date to the millisecond, or to the minute', () => {
    const ms = Date.UTC(2026, 10, 21, 9, 30, 59, 123);
    expect([moment(ms), minute(ms)]).toEqual(['2026-11-21 09:30:59.123', '2026-11-21 09:30']);
    expect([moment(ms - 123), minute(ms - 123)]).toEqual(['2026-11-21 09:30:59', '2026-11-21 09:30']);
  });

  it('that is none, or far away, is told in full', () => {
    expect(minute(-1)).toBe('none');
    expect(minute(9e15)).toBe('9000000000000000 ms after 1970');
    expect(minute(Date.UTC(12_026, 0, 1))).toBe('+012026-01-01 00:00');
  });
});
