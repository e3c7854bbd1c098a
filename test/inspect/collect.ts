/** Runs a dump and keeps all that it says. */
import { defaultEngine } from '../../src/engine/select.ts';
import type { SeglogError } from '../../src/errors/errors.ts';
import type { FileSystem } from '../../src/fs/contract.ts';
import { MemoryFileSystem } from '../../src/fs/memory-fs.ts';
import { nodeFileSystem } from '../../src/fs/node-fs.ts';
import { dumpFile } from '../../src/inspect/dump.ts';
import type { DumpOptions } from '../../src/inspect/dump/batch-file.ts';
import { knownFile } from '../../src/inspect/file-kinds.ts';

export interface Collected {
  text: string;
  lines: string[];
  findings: SeglogError[];
  notes: string[];
}

/** @param stops - whether the dump ends at the first finding */
export function collect(
  path: string,
  options: Partial<DumpOptions> = {},
  fs: FileSystem = nodeFileSystem,
  stops = false,
): Collected {
  const findings: SeglogError[] = [];
  const notes: string[] = [];
  const report = {
    finding: (finding: SeglogError) => void findings.push(finding),
    note: (note: string) => void notes.push(note),
    get isOver(): boolean {
      return stops && findings.length > 0;
    },
  };
  const how: DumpOptions = { json: true, bytes: 'base64', batchesOnly: false, ...options };
  let text = '';
  for (const piece of dumpFile(defaultEngine(), fs, knownFile(path), how, report)) {
    text += typeof piece === 'string' ? piece : Buffer.from(piece).toString('utf8');
  }
  return { text, lines: text.split('\n').slice(0, -1), findings, notes };
}

/** A dump of bytes, as the file of that name. */
export function collectBytes(
  bytes: Uint8Array,
  options: Partial<DumpOptions> = {},
  name = '00000000000000000000.log',
): Collected {
  const fs = new MemoryFileSystem();
  fs.makeDirectory('/d');
  const file = fs.open(`/d/${name}`, 'new');
  file.write(bytes, 0, bytes.length, 0);
  file.close();
  return collect(`/d/${name}`, options, fs);
}

export function codes({ findings }: Collected): string[] {
  return findings.map(({ code }) => code);
}
