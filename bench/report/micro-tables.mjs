/** The functions of the engine contract as a table. */

const digits = (number) => number.toLocaleString('en-US', { maximumFractionDigits: number < 100 ? 1 : 0 });
const show = (number) => (number === undefined ? '-' : digits(number));
const gigabytes = (bytes, ns) => (bytes > 0 && ns !== undefined ? (bytes / ns).toFixed(2) : '');

/** Nanoseconds a call (the median) on both engines, and how many times as fast the native one is. */
export function microRows({ cases }) {
  const head = ['function', 'size', 'native ns', 'ts ns', 'ts / native', 'native GB/s', 'ts GB/s'];
  const rows = cases.map(({ name, size, bytes, native, ts }) => {
    const ratio = native === undefined ? '-' : (ts / native).toFixed(2);
    return [name, size, show(native), show(ts), ratio, gigabytes(bytes, native), gigabytes(bytes, ts)];
  });
  return { head, rows };
}
