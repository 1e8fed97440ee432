const SPACE = " \n\t\r";
const SPACES = /[ \n\t\r]*/y;

/**
 * av_get_token() (libavutil/avstring.c): text up to an unprotected character of `ends`. A backslash
 * protects one character, quotes all between them (a backslash too); space at
 * either end goes unless it was protected. A quote left open reaches to the end.
 * `end` is where the character of `ends` stands, or the text's length.
 */
export function readToken(text: string, start: number, ends: string): { value: string; end: number } {
  let value = "";
  let kept = 0;
  let at = skipSpace(text, start);
  while (at < text.length && !ends.includes(text.charAt(at))) {
    const char = text.charAt(at);
    at += 1;
    if (char === "\\" && at < text.length) {
      value += text.charAt(at);
      at += 1;
      kept = value.length;
    } else if (char === "'") {
      const close = text.indexOf("'", at);
      value += text.slice(at, close < 0 ? text.length : close);
      at = close < 0 ? text.length : close + 1;
      if (close >= 0) kept = value.length;
    } else {
      value += char;
    }
  }
  let length = value.length;
  while (length > kept && SPACE.includes(value.charAt(length - 1))) length -= 1;
  return { value: value.slice(0, length), end: at };
}

/** Protects what av_get_token() would not give back as it is, where one of `ends` would end it. */
export function escapeToken(text: string, ends: string): string {
  const special = `\\'${ends}`;
  const inner = text.replace(/[^\w\s]/g, (char) => (special.includes(char) ? `\\${char}` : char));
  return inner.replace(/^[ \n\t\r]|[ \n\t\r]$/g, "\\$&");
}

/** The next place from `at` on where no space stands. */
export function skipSpace(text: string, at: number): number {
  SPACES.lastIndex = at;
  return at + (SPACES.exec(text)?.[0].length ?? 0);
}
