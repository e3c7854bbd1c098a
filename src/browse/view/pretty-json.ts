/** JSON over several lines. The text's own tokens stay as they are: no number goes through a double. */

/**
 * The lines of JSON that is on one line and known to be valid; at most `most` of them, and nothing for what is missing then.
 */
export function prettyJson(json: string, most: number): string[] {
  const lines: string[] = [];
  let current = '';
  let depth = 0;
  const end = (): void => {
    lines.push(current);
    current = '  '.repeat(Math.min(depth, 20));
  };
  for (let at = 0; at < json.length && lines.length < most; at++) {
    const character = json[at] ?? '';
    if (character === '"') {
      const close = endOfString(json, at);
      current += json.slice(at, close);
      at = close - 1;
    } else if (character === '{' || character === '[') {
      current += character;
      if (json[at + 1] === '}' || json[at + 1] === ']') continue;
      depth++;
      end();
    } else if (character === '}' || character === ']') {
      const isEmpty = json[at - 1] === '{' || json[at - 1] === '[';
      if (!isEmpty) {
        depth--;
        end();
      }
      current += character;
    } else if (character === ',') {
      current += character;
      end();
    } else {
      current += character === ':' ? ': ' : character;
    }
  }
  if (lines.length < most) lines.push(current);
  return lines;
}

/** Behind the closing quote of the string that starts at `start`. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}
