/**
 * Parts a command line as programs of Windows do, behind their own name: the rules of CommandLineToArgvW and of the C run-time since 2008, written
 * after their description (Microsoft Learn, "Parsing C command-line arguments"), not after the quoting that is tested by it.
 */
export function parseArguments(line: string): string[] {
  const args: string[] = [];
  let at = 0;
  for (;;) {
    while (line[at] === " " || line[at] === "\t") at++;
    if (at >= line.length) return args;
    let arg = "";
    let quoted = false;
    for (; at < line.length && (quoted || (line[at] !== " " && line[at] !== "\t")); ) {
      let backslashes = 0;
      while (line[at] === "\\") {
        backslashes++;
        at++;
      }
      if (line[at] !== '"') {
        arg += "\\".repeat(backslashes);
        if (at < line.length && backslashes === 0) arg += line[at++] ?? "";
        continue;
      }
      arg += "\\".repeat(Math.floor(backslashes / 2));
      if (backslashes % 2 === 1) {
        arg += '"';
      } else if (quoted && line[at + 1] === '"') {
        // Two within quotes are one, and the quotes go on.
        arg += '"';
        at++;
      } else quoted = !quoted;
      at++;
    }
    args.push(arg);
  }
}

/** What a literal of PowerShell (to the end of the text where it has none itself) that begins at the start of `text` stands for: between single quotation marks, in which two of them are one. */
export function readLiteral(text: string): { readonly value: string; readonly rest: string } {
  const isMark = (char: string | undefined): boolean =>
    char !== undefined && "'\u2018\u2019\u201a\u201b".includes(char);
  if (!isMark(text[0])) throw new Error(`no literal: ${text.slice(0, 20)}`);
  let value = "";
  for (let at = 1; at < text.length; at++) {
    if (isMark(text[at])) {
      if (!isMark(text[at + 1])) return { value, rest: text.slice(at + 1) };
      at++;
    }
    value += text[at] ?? "";
  }
  return { value, rest: "" };
}

/** Brackets and quotation marks of a script that have no other half, in order. Knows no comments and no here-strings: there are none. */
export function unbalanced(script: string): string[] {
  const open: string[] = [];
  const pairs: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };
  for (let at = 0; at < script.length; at++) {
    const char = script[at] ?? "";
    if (char === "'") {
      at = script.length - readLiteral(script.slice(at)).rest.length - 1;
    } else if (char === '"') {
      for (at++; at < script.length && script[at] !== '"'; at++) if (script[at] === "`") at++;
      if (at >= script.length) open.push('"');
    } else if ("([{".includes(char)) open.push(char);
    else if (char in pairs && open.pop() !== pairs[char]) return [...open, char];
  }
  return open;
}
