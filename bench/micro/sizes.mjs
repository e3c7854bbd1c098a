/** The sizes of a small record, a usual batch and a large one, and how many calls make a sample of each. */
export const SIZES = [
  { label: '110 B', bytes: 110, calls: 1000 },
  { label: '16 KiB', bytes: 16 * 1024, calls: 50 },
  { label: '1 MiB', bytes: 1024 * 1024, calls: 1 },
];
