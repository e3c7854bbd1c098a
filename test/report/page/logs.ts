/** Directories to make pages of. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { Log } from '../../../src/log/log.ts';
import { FIXTURES } from '../../support/fixtures.ts';

/** A fresh directory, removed when the file's tests are over. */
export function scratchOfFile(): string {
  const directory = mkdtempSync(join(tmpdir(), 'seglog-page-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Kafka's clean directory with a bit turned in one partition, and an index missing in another. */
export function damagedDirectory(root: string): string {
  const directory = join(root, 'kafka-logs');
  cpSync(join(FIXTURES, 'clean'), directory, { recursive: true });
  const partition = join(directory, 'f-none-0');
  const name = readdirSync(partition).filter((file) => file.endsWith('.log'))[1] ?? '';
  const bytes = readFileSync(join(partition, name));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(join(partition, name), bytes);
  rmSync(join(directory, 'f-lz4-0', '00000000000000000000.index'));
  return directory;
}

/** Values that would do harm where they were taken for more than text. */
export const HOSTILE: readonly (readonly [name: string, value: string | Buffer])[] = [
  ['html', '<img src=x onerror=alert(1)><script>alert(2)</script>'],
  ['end of script', '</script><script>alert(3)</script><!--'],
  ['escape sequences', '\u001b[31mred\u001b[0m\u009b2J\u0007'],
  ['right to left', 'abc\u202edcba\u202c \u2066x\u2069'],
  ['lines', 'one\ntwo\r\n\u2028three'],
  ['binary', Buffer.from([0, 1, 2, 0xff, 0xfe, 0x80])],
  ['half a pair', Buffer.from([0xed, 0xa0, 0x80])],
  ['a template', '${alert(4)} {{constructor.constructor("alert(5)")()}} javascript:alert(6)'],
];

/** A partition of them, named to do harm as well. */
export async function hostilePartition(root: string): Promise<string> {
  const made = join(root, 'logs', 'made-0');
  const log = await Log.open(made);
  for (const [name, value] of HOSTILE) {
    await log.append({ key: `<b>${name}</b>`, value, headers: [['<i>\u001b[1m', Buffer.from('<u>\u202e')]] });
  }
  await log.append({ key: '</script>', value: null });
  await log.close();
  const directory = join(root, 'logs', '<img src=x onerror=alert(7)>\u202e-0');
  renameSync(made, directory);
  return directory;
}
