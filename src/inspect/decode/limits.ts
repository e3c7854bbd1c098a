/** How much of a record is decoded: what is made of bytes can take a hundred times their memory. */

/** Kafka takes 1 MiB a record unless told otherwise. */
export const MAX_BYTES: number = 16 * 1024 * 1024;

/** Values in one key or value: elements of lists, members of maps, fields of structs. Some 100 bytes of memory each. */
export const MAX_VALUES = 1_000_000;
