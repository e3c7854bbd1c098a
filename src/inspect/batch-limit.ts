/** What bounds the memory that looking at a log takes. */

/**
 * The largest batch that is looked into, in bytes, compressed or not: brokers take 1 MB unless told otherwise, and a damaged
 * batch may claim to be as large as its file.
 */
export const MAX_BATCH_BYTES: number = 64 * 1024 * 1024;
