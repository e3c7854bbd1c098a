/** JSON that may stand in a script element, and that shows nothing hostile to whoever looks at the page's source. */

/** What could end the element, steer a terminal or turn the direction of writing. JSON itself escapes lone surrogates. */
const HOSTILE = /[<\p{Cf}\p{Cc}\p{Zl}\p{Zp}]/gu;

function escapeOne(character: string): string {
  let escaped = '';
  for (let unit = 0; unit < character.length; unit++) {
    escaped += `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}

/** One line of JSON without `<`. What it escapes lies within string literals only. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(HOSTILE, escapeOne);
}

/** How many bytes a value takes in the page. */
export function scriptBytes(value: unknown): number {
  return Buffer.byteLength(scriptJson(value));
}
