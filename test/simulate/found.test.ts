/** What the simulator found (`npm run simulate`), each as short as it could be made: what failed once, does not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runScenario, type Scenario } from './scenario.ts';

const FOUND = new URL('found/', import.meta.url).pathname;

function* found(): Generator<[name: string, scenario: Scenario]> {
  for (const name of readdirSync(FOUND)) {
    if (name.endsWith('.json')) yield [name, JSON.parse(readFileSync(join(FOUND, name), 'utf8')) as Scenario];
  }
}

test.each([...found()])('F10, F12, F13: %s, which failed once, does not', async (_name, scenario) => {
  expect(await runScenario(scenario)).toBeUndefined();
});
