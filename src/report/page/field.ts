/** Keys, values and headers: text as text, bytes as hex. */
import type { Field } from '../contract.ts';
import { el, shown } from './dom.ts';

/** Bytes a line of a hex dump. */
const LINE = 16;
/** Bytes of a field in a row. */
const ROW_BYTES = 24;
const ROW_TEXT = 160;

function bytesOf({ base64 }: { readonly base64: string }): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** What a search looks through: the text, or the hex digits with a space between two bytes. */
export function searchText(field: Field): string {
  if (field === null) return '';
  return typeof field === 'string' ? field : hex(bytesOf(field));
}

/** A field on one line. */
export function fieldElement(field: Field, query = ''): HTMLElement {
  if (field === null) return el('span', { class: 'null' }, 'null');
  if (typeof field === 'string') {
    return field === '' ? el('span', { class: 'null' }, 'empty') : shown(cut(field, ROW_TEXT), query);
  }
  const bytes = bytesOf(field);
  const more = bytes.length > ROW_BYTES ? ' …' : '';
  return el('span', { class: 'bytes' }, shown(hex(bytes.subarray(0, ROW_BYTES)) + more, query));
}

/** Never between the halves of a pair. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const isSplit = /[\ud800-\udbff]/.test(text.charAt(most - 1));
  return `${text.slice(0, isSplit ? most - 1 : most)}…`;
}

/** A field in full, as far as the page has it. */
export function fieldBlock(field: Field, query = ''): HTMLElement {
  if (field === null || field === '') return fieldElement(field);
  if (typeof field === 'string') return el('pre', { tabindex: 0 }, shown(field, query));
  return el('pre', { tabindex: 0, class: 'bytes' }, hexDump(bytesOf(field)));
}

function hexDump(bytes: Uint8Array): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += LINE) {
    const line = bytes.subarray(at, at + LINE);
    const text = Array.from(line, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex(line).padEnd(LINE * 3)} ${text}`);
  }
  return lines.join('\n');
}
