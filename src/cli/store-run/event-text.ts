/** Events of a store as lines: JSON for programs, text for people. */
import type { Clock } from '../../clock/clock.ts';
import { SeglogError } from '../../errors/errors.ts';
import { printable } from '../../inspect/byte-encoding.ts';
import type { Logger } from '../../metrics/logger.ts';
import { jsonText, type JsonValue } from '../json-line.ts';

/** An event as it came. */
export interface RunEvent {
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly level: keyof Logger;
  /** With `event`, its name. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly message: string;
}

/** A logger that makes events of what it is told. */
export function eventLogger(clock: Clock, take: (event: RunEvent) => void): Logger {
  const at =
    (level: keyof Logger) =>
    (fields: Record<string, unknown>, message: string): void =>
      take({ timeMs: clock.now(), level, fields, message });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** One JSON object: `time`, `level`, the event's own fields, `message`. */
export function eventJson({ timeMs, level, fields, message }: RunEvent): string {
  return jsonText({ time: isoTime(timeMs), level, ...(asJson(fields) as Record<string, JsonValue>), message });
}

/** `2026-11-21T18:02:03.123Z info events-0 segment rolled baseOffset=5 reason=size`. */
export function eventText(event: RunEvent): string {
  return `${isoTime(event.timeMs)} ${eventRest(event)}`;
}

/** The same with the time of day only, for a view that is looked at now. */
export function eventShort(event: RunEvent): string {
  return `${isoTime(event.timeMs).slice(11, 19)} ${eventRest(event)}`;
}

function eventRest({ level, fields, message }: RunEvent): string {
  const { event: _, topic, partition, err, ...others } = fields;
  const parts = Object.entries(others).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${plain(value)}`],
  );
  const place = topic === undefined ? [] : [`${plain(topic)}-${plain(partition)}`];
  const cause = err === undefined ? [] : [`err=${plain(err instanceof Error ? err.message : err)}`];
  return printable([level, ...place, message, ...parts, ...cause].join(' '));
}

function plain(value: unknown): string {
  return typeof value === 'object' && value !== null ? jsonText(asJson(value)) : String(value);
}

function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function asJson(value: unknown): JsonValue {
  if (value instanceof Error) {
    const code = value instanceof SeglogError ? value.code : 'INTERNAL';
    return { code, message: value.message };
  }
  if (Array.isArray(value)) return value.map(asJson);
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return Object.fromEntries(entries.map(([name, field]) => [name, asJson(field)]));
  }
  return value === undefined ? null : (value as JsonValue);
}
