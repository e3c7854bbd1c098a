/** Which commands come, and how often. */
import fc from 'fast-check';
import { Append, AppendGiven, CODECS, EndTransaction, type Happening, Other, type ProducerChoice } from './commands.ts';
import type { NaiveLog } from './naive-log.ts';
import { type Pair, T0, type Tear } from './pair.ts';

const sample = fc.double({ min: 0, max: 1, noNaN: true });
const text = fc.option(
  fc.nat(60).map((length) => 'abcdefghij'.repeat(6).slice(0, length)),
  { nil: null, freq: 8 },
);
const record = fc.record({
  timestamp: fc.integer({ min: -5000, max: 5000 }).map((delta) => T0 + delta),
  key: text,
  value: text,
});
const records = fc.array(record, { minLength: 1, maxLength: 3 });
const choice = fc.record({
  id: fc.integer({ min: 1, max: 2 }),
  isTransactional: fc.constantFrom(true, true, false),
  sequence: fc.constantFrom('next', 'next', 'next', 'next', 'next', 'next', 'next', 'next', 'again', 'gap'),
  epochStep: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, 1),
}) as fc.Arbitrary<ProducerChoice>;
const follower = fc.record({
  gap: fc.constantFrom(0, 0, 0, 1, 10),
  records,
  epochStep: fc.constantFrom(0, 0, 0, 1, 2),
  choice: fc.option(
    choice.map((one) => ({ ...one, sequence: 'next' as const })),
    { nil: undefined },
  ),
  codec: fc.constantFrom(...CODECS),
});
const codec = fc.constantFrom(...CODECS);
/** The ends are where mistakes are. */
const part = fc.oneof(sample, fc.constantFrom(0, 0.9, 0.97));
const tear = fc.record({
  kind: fc.constantFrom('none', 'cut', 'cut', 'garbage', 'flip'),
  at: part,
}) as fc.Arbitrary<Tear>;
const other = (...whats: Happening[]): fc.Arbitrary<Other> =>
  fc.tuple(sample, fc.constantFrom(...whats), part, tear).map((all) => new Other(...all));
const append = fc
  .tuple(sample, records, fc.option(choice, { nil: undefined, freq: 3 }), codec)
  .map((all) => new Append(...all));
const end = fc
  .tuple(
    sample,
    fc.integer({ min: 1, max: 2 }),
    fc.constantFrom('commit' as const, 'abort' as const, 'abort' as const),
    fc.constantFrom(1, 1, 1, 1, 1, 1, 0),
  )
  .map((all) => new EndTransaction(...all));

/** Each of these is as likely as any other. */
export const COMMANDS: fc.Arbitrary<fc.AsyncCommand<NaiveLog, Pair>>[] = [
  append,
  append,
  append,
  append,
  fc.tuple(sample, fc.array(follower, { minLength: 1, maxLength: 3 })).map((all) => new AppendGiven(...all)),
  fc.tuple(sample, fc.array(follower, { minLength: 1, maxLength: 3 })).map((all) => new AppendGiven(...all)),
  end,
  end,
  other('lead', 'flush', 'highWatermark'),
  other('deleteRecords', 'highWatermark'),
  other('truncate', 'truncate', 'truncateFully'),
  other('crash', 'crash', 'reopen'),
  other('crash', 'flush'),
];
