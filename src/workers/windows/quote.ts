/**
 * One argument as programs of Windows read it back: a program is given one line there and parts it itself, by the rules of
 * CommandLineToArgvW and of the C run-time (Microsoft Learn, "Parsing C command-line arguments"; The Old New Thing, 2010-09-17):
 * backslashes are themselves, but before a quotation mark, where two stand for one and an odd one makes the mark a character.
 * Throws on a NUL character, which no argument can carry (a bug of the caller).
 */
export function quoteArgument(arg: string): string {
  if (arg.includes("\0")) throw new RangeError("an argument of a program cannot hold a NUL character");
  if (arg !== "" && !/[\s"]/.test(arg)) return arg;
  return `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, "$1$1")}"`;
}

/** The line of several arguments. Throws as `quoteArgument` does. */
export function quoteArguments(args: readonly string[]): string {
  return args.map(quoteArgument).join(" ");
}

/**
 * A text as a literal of PowerShell, in which nothing is expanded: each single quotation mark twice, the typographical ones too, which
 * PowerShell takes for the same (about_Quoting_Rules; its CharTraits.IsSingleQuote: U+2018 to U+201B).
 */
export function literal(text: string): string {
  if (text.includes("\0")) throw new RangeError("a script cannot hold a NUL character");
  return `'${text.replace(/['\u2018-\u201b]/g, "$&$&")}'`;
}

/** A script as `powershell.exe -EncodedCommand` takes it: Base64 of UTF-16, low byte first (about_PowerShell_exe). No shell finds anything to interpret in it. */
export function encodeCommand(script: string): string {
  return Buffer.from(script, "utf16le").toString("base64");
}
