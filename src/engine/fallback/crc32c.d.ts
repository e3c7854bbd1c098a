/** The package `crc-32` declares its main module only. */
declare module 'crc-32/crc32c.js' {
  const CRC32C: {
    /** The CRC-32C of all of `bytes`, as a signed int32. */
    buf(bytes: Uint8Array, seed?: number): number;
  };
  export default CRC32C;
}
