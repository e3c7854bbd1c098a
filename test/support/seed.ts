/**
 * Property tests take a new seed each run and print it when they fail. In CI they take one seed, so that a change is judged
 * by what it changed, and a failure comes again.
 */
import fc from 'fast-check';

const CI_SEED = 20261121;

if (process.env['CI'] !== undefined) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: CI_SEED });
