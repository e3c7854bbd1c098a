/** Text of others in bounded room. */

/** The text, or its first `most` characters and a mark that there is more. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}
