/** Changes to the files of a partition, as recipes: those of `damage.jsonl`, and what the generator of damages adds. */
import {
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** One change. A file that is missing is passed over, except by `write`, which makes it. */
export type Edit =
  | { readonly op: 'truncate'; readonly file: string; readonly at: number }
  | { readonly op: 'flip-bit'; readonly file: string; readonly at: number; readonly bit: number }
  | { readonly op: 'append-zeros'; readonly file: string; readonly length: number }
  | { readonly op: 'append-hex'; readonly file: string; readonly hex: string }
  | { readonly op: 'zero'; readonly file: string; readonly at: number; readonly length: number }
  | { readonly op: 'delete'; readonly file: string }
  | { readonly op: 'cut'; readonly file: string; readonly at: number; readonly length: number }
  | { readonly op: 'overwrite-hex'; readonly file: string; readonly at: number; readonly hex: string }
  | { readonly op: 'write'; readonly file: string; readonly hex: string }
  | { readonly op: 'copy'; readonly file: string; readonly to: string }
  | { readonly op: 'rename'; readonly file: string; readonly to: string };

function edited(edit: Edit, bytes: Buffer): Buffer {
  switch (edit.op) {
    case 'truncate':
      return bytes.subarray(0, edit.at);
    case 'flip-bit':
      bytes[edit.at] = (bytes[edit.at] ?? 0) ^ (1 << edit.bit);
      return bytes;
    case 'append-zeros':
      return Buffer.concat([bytes, Buffer.alloc(edit.length)]);
    case 'append-hex':
      return Buffer.concat([bytes, Buffer.from(edit.hex, 'hex')]);
    case 'zero':
      return bytes.fill(0, edit.at, Math.min(bytes.length, edit.at + edit.length));
    case 'cut':
      return Buffer.concat([bytes.subarray(0, edit.at), bytes.subarray(edit.at + edit.length)]);
    case 'overwrite-hex':
      Buffer.from(edit.hex, 'hex').copy(bytes, edit.at);
      return bytes;
    default:
      throw new Error(`changes no bytes: ${edit.op}`);
  }
}

function applyEdit(directory: string, edit: Edit): void {
  const path = join(directory, edit.file);
  if (edit.op === 'write') writeFileSync(path, Buffer.from(edit.hex, 'hex'));
  else if (!existsSync(path)) return;
  else if (edit.op === 'delete') rmSync(path);
  else if (edit.op === 'copy') copyFileSync(path, join(directory, edit.to));
  else if (edit.op === 'rename') renameSync(path, join(directory, edit.to));
  else {
    // A segment without timestamps is as old as its file.
    const { atime, mtime } = statSync(path);
    writeFileSync(path, edited(edit, readFileSync(path)));
    utimesSync(path, atime, mtime);
  }
}

/** Makes the changes, in order. */
export function applyEdits(directory: string, edits: readonly Edit[]): void {
  for (const edit of edits) applyEdit(directory, edit);
}
