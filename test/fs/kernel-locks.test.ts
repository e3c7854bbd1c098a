/** What /proc/locks says, and what of it concerns one file. */
import { expect, test } from 'vitest';
import { findKernelLock } from '../../src/fs/kernel-locks.ts';

const LOCKS = `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 0 EOF
1: -> POSIX  ADVISORY  WRITE 99 08:01:77 0 EOF
2: OFDLCK ADVISORY  WRITE -1 fd:0a:5679 0 9223372036854775806
3: FLOCK  ADVISORY  WRITE 4321 00:1f:18446744073709551615 0 EOF
4: LEASE  ACTIVE    READ  55 08:01:80 0 EOF
`;

test.each([
  ['a POSIX lock, as Kafka holds it', ['8:1'], 5678n, { pid: 1234 }],
  ['an open file description lock, as we hold it', ['253:10'], 5679n, { pid: undefined }],
  ['a flock', ['0:31'], 18446744073709551615n, { pid: 4321 }],
  ['one of two names of the device', ['0:40', '8:1'], 5678n, { pid: 1234 }],
  ['another device', ['8:2', undefined], 5678n, undefined],
  ['another inode', ['8:1'], 5679n, undefined],
  ['a lock that is only waited for', ['8:1'], 77n, undefined],
  ['a lease', ['8:1'], 80n, undefined],
])('%s', (_, devices, inode, expected) => {
  expect(findKernelLock(LOCKS, devices, inode)).toEqual(expected);
});
