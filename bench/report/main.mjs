/** `npm run bench:report [-- RESULTS_DIR DOCS_DIR]`: page and tables anew from the newest results, without measuring. */
import { inProject, say } from '../../scripts/lib/project.mjs';
import { render } from './render.mjs';

const [results = inProject('bench', 'results'), docs = inProject('docs')] = process.argv.slice(2);
for (const file of await render({ results, docs })) say(`written: ${file}`);
