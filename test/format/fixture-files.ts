/** Files of the fixtures that are no segments. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FIXTURES } from '../support/fixtures.ts';

/** The paths of all files whose names end so, in partitions closed clean and in others. */
export function fixtureFiles(ending: string): string[] {
  return ['clean', 'unclean'].flatMap((set) =>
    readdirSync(join(FIXTURES, set), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) =>
        readdirSync(join(FIXTURES, set, name))
          .filter((file) => file.endsWith(ending))
          .map((file) => join(FIXTURES, set, name, file)),
      ),
  );
}
