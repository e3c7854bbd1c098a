/** docs/metrics.md names every metric and every event, and its example runs with the real prom-client and pino. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { DOCUMENT, eventsTable, metricsTable, withTables } from '../../scripts/docs-metrics.mjs';
import { LOG_EVENTS, Store } from '../../src/index.ts';
import { scratch } from '../support/temp.ts';

it('the tables are those of the code: otherwise run `npm run docs:metrics`', async () => {
  await using store = await Store.open(scratch());
  await store.createTopic({ name: 't' });
  const document = readFileSync(DOCUMENT, 'utf8');
  const tables = { metrics: metricsTable(store.metrics()), events: eventsTable(LOG_EVENTS) };
  expect(document).toBe(withTables(document, tables));
});

it('the example gives metrics to whoever asks', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const directory = scratch();
  mkdirSync(join(directory, 'node_modules'));
  symlinkSync(root, join(directory, 'node_modules', 'seglog'));
  for (const name of ['pino', 'prom-client']) {
    symlinkSync(join(root, 'node_modules', name), join(directory, 'node_modules', name));
  }
  const program = /```ts\n(.*?)```/s.exec(readFileSync(DOCUMENT, 'utf8'))?.[1] ?? '';
  const after = `
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
console.log(await (await fetch(\`http://127.0.0.1:\${server.address().port}\`)).text());
server.close();
await store.close();`;
  writeFileSync(join(directory, 'example.mjs'), `${program}${after}`);
  const printed = execFileSync(process.execPath, ['example.mjs'], { cwd: directory, encoding: 'utf8' });
  expect(printed).toContain('# TYPE seglog_flush_seconds histogram\n');
  expect(printed).toContain('seglog_store_topics 0\n');
});
