/** Texts that go into records: what cannot be read back as it was is refused before anything depends on it. */
import { SeglogError } from '../errors/errors.ts';

/** Kafka's records count a text's bytes in an int16. */
const MAX_BYTES = 32_767;
const HALF_PAIR = /\p{Surrogate}/u;

/** @param what it is, for the message @throws SeglogError `INVALID_ARGUMENT` */
export function checkText(what: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_BYTES) {
    const details = { expected: `at most ${MAX_BYTES} bytes`, found: bytes };
    throw new SeglogError('INVALID_ARGUMENT', `${what} is too long`, details);
  }
  if (HALF_PAIR.test(text)) {
    const details = { expected: 'no half of a surrogate pair', found: JSON.stringify(text) };
    throw new SeglogError('INVALID_ARGUMENT', `${what} is no text that UTF-8 can say`, details);
  }
}

/** @throws SeglogError `INVALID_ARGUMENT` */
export function checkGroupId(id: unknown): asserts id is string {
  if (typeof id === 'string' && id !== '') return checkText('the id of a group', id);
  throw new SeglogError('INVALID_ARGUMENT', 'a group needs an id', {
    expected: 'some text',
    found: typeof id === 'string' ? 'none' : typeof id,
  });
}
