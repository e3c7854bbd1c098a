/** Reading entries out of a jar, which is a zip file: stored or deflated entries, no encryption, no zip64. */
import { readFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';

const END = { SIGNATURE: 0x06054b50, SIZE: 22, COUNT: 10, DIRECTORY: 16 };
const ENTRY = {
  ...{ SIGNATURE: 0x02014b50, SIZE: 46, METHOD: 10, PACKED_SIZE: 20, NAME_LENGTH: 28, EXTRA_LENGTH: 30 },
  ...{ COMMENT_LENGTH: 32, LOCAL: 42 },
};
const LOCAL = { SIZE: 30, NAME_LENGTH: 26, EXTRA_LENGTH: 28 };
const DEFLATED = 8;

/** Where the directory ends is told by a record at the file's end, behind which there may be a comment. */
function endOf(bytes, file) {
  for (let at = bytes.length - END.SIZE; at >= 0; at--) if (bytes.readUInt32LE(at) === END.SIGNATURE) return at;
  throw new Error(`${file} is no zip file`);
}

function contentAt(bytes, entry) {
  const local = bytes.readUInt32LE(entry + ENTRY.LOCAL);
  const start =
    local + LOCAL.SIZE + bytes.readUInt16LE(local + LOCAL.NAME_LENGTH) + bytes.readUInt16LE(local + LOCAL.EXTRA_LENGTH);
  const packed = bytes.subarray(start, start + bytes.readUInt32LE(entry + ENTRY.PACKED_SIZE));
  return bytes.readUInt16LE(entry + ENTRY.METHOD) === DEFLATED ? inflateRawSync(packed) : packed;
}

/** The text of the entries whose names fit, by name. */
export function jarEntries(file, fits) {
  const bytes = readFileSync(file);
  const end = endOf(bytes, file);
  const found = new Map();
  let at = bytes.readUInt32LE(end + END.DIRECTORY);
  for (let left = bytes.readUInt16LE(end + END.COUNT); left > 0; left--) {
    if (bytes.readUInt32LE(at) !== ENTRY.SIGNATURE) throw new Error(`${file} has a directory that cannot be read`);
    const nameEnd = at + ENTRY.SIZE + bytes.readUInt16LE(at + ENTRY.NAME_LENGTH);
    const name = bytes.toString('utf8', at + ENTRY.SIZE, nameEnd);
    if (fits(name)) found.set(name, contentAt(bytes, at).toString('utf8'));
    at = nameEnd + bytes.readUInt16LE(at + ENTRY.EXTRA_LENGTH) + bytes.readUInt16LE(at + ENTRY.COMMENT_LENGTH);
  }
  return found;
}
