/** The files of a log directory that are no checkpoints: its identity, and the mark of a clean stop. */
import { parseMetaProperties } from '../../../format/meta-properties.ts';
import type { Finding } from '../../findings/finding.ts';
import { parsed, textOf } from '../partition/text-lines.ts';
import { told } from '../partition/told.ts';

/** `meta.properties`. */
export function* checkMetaProperties(path: string, bytes: Uint8Array): Generator<Finding, void> {
  yield* parsed('META_PROPERTIES_UNREADABLE', path, () => parseMetaProperties(bytes, path));
}

/** `.kafka_cleanshutdown`: JSON, or nothing from older brokers and from seglog. */
export function* checkCleanMark(path: string, bytes: Uint8Array): Generator<Finding, void> {
  const text = textOf(bytes);
  if (text.trim() === '' || isMark(text)) return;
  const expected = '{"version":0,"brokerEpoch":...}, or nothing';
  yield told('CLEAN_MARK_UNREADABLE', path, { position: 0, expected, found: JSON.stringify(text.slice(0, 80)) });
}

function isMark(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'version' in value && 'brokerEpoch' in value;
  } catch {
    return false;
  }
}
