/** Random ids as Kafka has them. */
import { randomUUID } from 'node:crypto';

/** 16 random bytes in 22 characters of base64url; none that a command line would take for an option. */
export function randomId(): string {
  for (;;) {
    const id = Buffer.from(randomHex(), 'hex').toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/** The same kind of id in 32 hex digits. */
export function randomHex(): string {
  return randomUUID().replaceAll('-', '');
}
