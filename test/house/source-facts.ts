/** What a source file imports, names and says, from its syntax tree. */
import { parseSync } from 'oxc-parser';

/** One thing in a file, and the line it stands on. */
export interface Mention {
  readonly what: string;
  readonly line: number;
}

export interface SourceFacts {
  /** Module names, as written, in every form that loads or names a module: static, re-export, dynamic, type, URL. */
  readonly imports: readonly Mention[];
  /** Modules whose whole content is exported again (`export * from`). */
  readonly starExports: readonly Mention[];
  /** Free names and chains of them: `setTimeout`, `Date.now`, `process.env`, `new Date()` without arguments. */
  readonly names: readonly Mention[];
  /** The text of string literals. */
  readonly strings: readonly Mention[];
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

function literal(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'Literal' && typeof value['value'] === 'string') return value['value'];
  return undefined;
}

/** `a.b.c` as written; undefined when its root is no plain name. */
function chain(node: unknown): string | undefined {
  if (!isNode(node)) return undefined;
  if (node.type === 'Identifier') return node['name'] as string;
  if (node.type === 'MetaProperty') return 'import.meta';
  if (node.type !== 'MemberExpression') return undefined;
  const object = chain(node['object']);
  const property = node['computed'] === true ? literal(node['property']) : chain(node['property']);
  return object === undefined || property === undefined ? undefined : `${object}.${property}`;
}

/** `globalThis.setTimeout` and `setTimeout` are one thing. */
function withoutGlobal(name: string): string {
  return name.replace(/^(?:globalThis|global)\./, '');
}

/** Stands for a module name that is not written out. */
export const COMPUTED = '(a computed module name)';

class Collector {
  readonly imports: Mention[] = [];
  readonly starExports: Mention[] = [];
  readonly names: Mention[] = [];
  readonly strings: Mention[] = [];
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  #line(node: Node): number {
    return this.#source.slice(0, node.start).split('\n').length;
  }

  #import(node: Node, source: unknown): void {
    this.imports.push({ what: literal(source) ?? COMPUTED, line: this.#line(node) });
  }

  #name(node: Node, name: string): void {
    this.names.push({ what: withoutGlobal(name), line: this.#line(node) });
  }

  /** True when the node was taken whole and its parts need no visit. */
  #take(node: Node): boolean {
    switch (node.type) {
      case 'ExportAllDeclaration':
        this.starExports.push({ what: literal(node['source']) ?? COMPUTED, line: this.#line(node) });
        this.#import(node, node['source']);
        return true;
      case 'ImportDeclaration':
      case 'TSImportType':
        this.#import(node, node['source']);
        return true;
      case 'ImportExpression':
        this.#import(node, node['source']);
        return false;
      case 'ExportNamedDeclaration':
        if (isNode(node['source'])) this.#import(node, node['source']);
        return isNode(node['source']);
      case 'TSExternalModuleReference':
        this.#import(node, node['expression']);
        return true;
      case 'CallExpression':
        if (['require', 'import.meta.resolve'].includes(chain(node['callee']) ?? '')) {
          this.#import(node, (node['arguments'] as unknown[])[0]);
        }
        return false;
      case 'NewExpression':
        return this.#takeNew(node);
      case 'MemberExpression':
        return this.#takeMember(node);
      case 'Identifier':
        this.#name(node, node['name'] as string);
        return false;
      case 'Literal':
        if (typeof node['value'] === 'string') this.strings.push({ what: node['value'], line: this.#line(node) });
        return true;
      case 'TemplateElement':
        this.strings.push({ what: (node['value'] as { raw: string }).raw, line: this.#line(node) });
        return true;
      default:
        return false;
    }
  }

  #takeNew(node: Node): boolean {
    const callee = chain(node['callee']);
    const given = node['arguments'] as unknown[];
    if (callee !== undefined && withoutGlobal(callee) === 'Date' && given.length === 0) this.#name(node, 'new Date()');
    // A worker's entry file is named by `new URL('./entry.js', import.meta.url)`.
    const isModule = /\.[cm]?[jt]s$/.test(literal(given[0]) ?? '');
    if (callee === 'URL' && isModule && chain(given[1]) === 'import.meta.url') this.#import(node, given[0]);
    return false;
  }

  #takeMember(node: Node): boolean {
    const whole = chain(node);
    if (whole === undefined) return false;
    this.#name(node, whole);
    return true;
  }

  visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item);
      return;
    }
    if (!isNode(value) || this.#take(value)) return;
    for (const [key, child] of Object.entries(value)) {
      // The name of a field or method is not a use of a free name.
      const isOwnName = (key === 'key' || key === 'property' || key === 'label') && value['computed'] !== true;
      const isShorthand = key === 'key' && value['shorthand'] === true;
      if (!isOwnName || isShorthand) this.visit(child);
    }
  }
}

/** Reads one source file. Throws when it does not parse: a file that cannot be judged is not within the law. */
export function sourceFacts(file: string, source: string): SourceFacts {
  const { program, errors } = parseSync(file, source);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${file} does not parse: ${error.message}`);
  const collector = new Collector(source);
  collector.visit(program.body);
  return collector;
}
