/**
 * Settings in a text file: `name=value` lines as properties files have them, or what `kafka-configs --describe` prints
 *
 *     cleanup.policy=compact sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:cleanup.policy=compact, ...}
 *
 * of which the first pair of a line counts. Lines that start with `#` or `!`, and lines without `=`, say nothing.
 */

const LINE = /^\s*([A-Za-z][\w.-]*)\s*[=:]\s*(.*?)\s*$/;
const DESCRIBED = /^(.*?)\s+sensitive=(?:true|false)\b/;

/** Names and values in the order of the lines, checked by nobody yet. */
export function parseConfigText(text: string): (readonly [name: string, value: string])[] {
  return text.split(/\r?\n/).flatMap((line) => {
    if (!line.includes('=') || /^\s*[#!]/.test(line)) return [];
    const [, name, rest] = LINE.exec(line) ?? [];
    if (name === undefined || rest === undefined) return [];
    return [[name, DESCRIBED.exec(rest)?.[1] ?? rest] as const];
  });
}
