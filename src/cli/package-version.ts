/** The version in package.json. */
import { fileURLToPath } from 'node:url';
import { nodeFileSystem } from '../fs/node-fs.ts';

/** From dist/cli, and from src/cli alike. */
const PACKAGE = '../../package.json';

/** seglog's version, `0.1.0`. */
export function packageVersion(): string {
  const bytes = nodeFileSystem.readSmall(fileURLToPath(new URL(PACKAGE, import.meta.url)));
  const { version } = JSON.parse(Buffer.from(bytes ?? '{}').toString('utf8')) as { version?: string };
  return version ?? 'unknown';
}
