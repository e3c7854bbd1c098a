/**
 * Call trees of samples: what Node's --cpu-prof and `perf script` say, without what no reader can change.
 *
 * A tree is `{ name, kind, self, total, children }`: `kind` says whose code it is (ours, rust, node, kernel, other), `self` and `total`
 * are samples or microseconds.
 */

/** Frames with less than this share of the whole are left out: nobody can see them. */
const LEAST_SHARE = 0.003;

/** Node's own machinery is one frame, however deep it is. */
const MACHINERY = { name: 'node', kind: 'node' };

/** @returns {{ name: string, kind: string, self: number, total: number, children: any[] }} */
function newNode({ name, kind }) {
  return { name, kind, self: 0, total: 0, children: [] };
}

function childOf(parent, frame) {
  let child = parent.children.find(({ name, kind }) => name === frame.name && kind === frame.kind);
  if (child === undefined) {
    child = newNode(frame);
    parent.children.push(child);
  }
  return child;
}

/** Adds so much to the end of a stack, outermost frame first; of the same frame twice in a row, one. */
function add(tree, stack, amount) {
  let at = tree;
  at.total += amount;
  for (const frame of stack) {
    if (frame.name === at.name && frame.kind === at.kind) continue;
    at = childOf(at, frame);
    at.total += amount;
  }
  at.self += amount;
}

/** A file's place in the project, as dist/log/append.js has it: the last two parts tell enough. */
function placeOf(url, line) {
  const [, place = url] = /.*(?:dist|bench|node_modules)\/(.+)$/.exec(url) ?? [];
  return line === undefined || line < 0 ? place : `${place}:${line + 1}`;
}

/** Functions of V8 and Node without a file of their own. */
function frameOfCall({ functionName, url, lineNumber }) {
  if (functionName === '(garbage collector)') return { name: 'garbage collector', kind: 'node' };
  if (/^writeSync|^readSync|^write|^read$/.test(functionName) && url === '')
    return { name: functionName, kind: 'kernel' };
  if (url === '' && /^\w/.test(functionName)) return { name: functionName, kind: 'rust' };
  if (url === '' || url.startsWith('node:')) return MACHINERY;
  return { name: `${functionName === '' ? 'anonymous' : functionName} ${placeOf(url, lineNumber)}`, kind: 'ours' };
}

/** The tree of a .cpuprofile; waiting is left out. */
export function treeOfCpuProfile({ nodes, samples, timeDeltas }) {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const stacks = new Map();
  const stackOf = (id) => {
    const known = stacks.get(id);
    if (known !== undefined) return known;
    const { callFrame } = byId.get(id);
    const parent = parents.get(id);
    const stack = parent === undefined ? [] : [...stackOf(parent), frameOfCall(callFrame)];
    stacks.set(id, stack);
    return stack;
  };
  const tree = newNode({ name: 'all', kind: 'other' });
  for (const [i, id] of samples.entries()) {
    if (byId.get(id).callFrame.functionName === '(idle)') continue;
    add(tree, stackOf(id), timeDeltas[i]);
  }
  return tree;
}

/** What every system call, fault and interrupt goes through. */
const KERNEL_NOISE =
  /^(?:entry_|do_syscall|x64_sys_call|__x64_sys_|asm_|exc_|ret_from|irqentry|syscall_|handle_mm_fault|__handle_mm_fault|do_user_addr_fault|sysvec_|__sysvec)/;

/** `append_batch+0x12f` is `append_batch`; Rust's hash, generic arguments and crates' disambiguators go, too. */
function symbolName(symbol) {
  const name = symbol.replace(/\+0x[0-9a-f]+$/, '').replace(/::h[0-9a-f]{16}$/, '');
  const short = name
    .replace(/<[^<>]*>/g, '')
    .replace(/<[^<>]*>/g, '')
    .replace(/\[[0-9a-f]+\]/g, '');
  return short.length < 3 ? name : short;
}

/** One line of a stack of perf's, or undefined where it says nothing. */
function frameOfPerf(symbol, object) {
  if (object.includes('kernel') || object === '[guest.kernel.kallsyms]') {
    return KERNEL_NOISE.test(symbol) ? undefined : { name: symbolName(symbol), kind: 'kernel' };
  }
  // `--perf-basic-prof` writes JS:*append file:///place/dist/log/append.js:31:9
  const script = /^(?:JS|Script|LazyCompile):[*~^+]?(\S*) (?:file:\/\/)?(\/.*):(\d+):\d+/.exec(symbol);
  if (script !== null)
    return { name: `${script[1] || 'anonymous'} ${placeOf(script[2], Number(script[3]) - 1)}`, kind: 'ours' };
  if (/seglog[^/]*\.node$/.test(object)) {
    return symbol === '[unknown]' ? { name: 'addon', kind: 'rust' } : { name: symbolName(symbol), kind: 'rust' };
  }
  if (object.includes('libc') && /^_*(?:mem|pread|pwrite|write|read|fdatasync)/.test(symbol))
    return { name: symbolName(symbol), kind: 'other' };
  return MACHINERY;
}

/** The tree of what `perf script -F comm,ip,sym,dso` prints; idle is no part of it, since nobody runs then. */
export function treeOfPerf(text) {
  const tree = newNode({ name: 'all', kind: 'other' });
  for (const block of text.split('\n\n')) {
    const lines = block.split('\n').filter((line) => line.trim() !== '');
    const frames = lines.slice(1).flatMap((line) => {
      const [, symbol, object] = /^\s*[0-9a-f]+ (.*) \((.*)\)$/.exec(line) ?? [];
      const frame = symbol === undefined ? undefined : frameOfPerf(symbol, object);
      return frame === undefined ? [] : [frame];
    });
    if (frames.length > 0) add(tree, frames.toReversed(), 1);
  }
  return tree;
}

/** Without the frames that are too thin to be seen; largest first. */
export function pruned(tree, whole = tree.total) {
  const children = tree.children
    .filter(({ total }) => total >= whole * LEAST_SHARE)
    .map((child) => pruned(child, whole))
    .sort((a, b) => b.total - a.total);
  return { ...tree, children };
}

/** The frames with the most time of their own, wherever they are called: `{ name, kind, share }`, largest first. */
export function topSelf(tree, count) {
  const selves = new Map();
  const visit = ({ name, kind, self, children }) => {
    const known = selves.get(`${kind} ${name}`) ?? { name, kind, self: 0 };
    known.self += self;
    selves.set(`${kind} ${name}`, known);
    for (const child of children) visit(child);
  };
  visit(tree);
  const sorted = [...selves.values()].sort((a, b) => b.self - a.self).slice(0, count);
  return sorted
    .filter(({ self }) => self > 0)
    .map(({ name, kind, self }) => ({ name, kind, share: self / tree.total }));
}
