import { readFileSync } from "node:fs";

/** What Node puts in the place of bytes that are no UTF-8. */
const REPLACED = "\uFFFD";

/** The words of this process's own command line as they were given; none where the system does not tell (no /proc). */
function givenWords(): readonly Buffer[] {
  try {
    const line = readFileSync("/proc/self/cmdline");
    const words: Buffer[] = [];
    for (let at = 0; at < line.length; ) {
      const end = line.indexOf(0, at);
      words.push(line.subarray(at, end === -1 ? line.length : end));
      at = (end === -1 ? line.length : end) + 1;
    }
    return words;
  } catch {
    return [];
  }
}

/** Words that were given otherwise than Node tells them, by what it tells: in their order, where it tells the same of several. */
function mangledWords(argv: readonly string[], given: () => readonly Buffer[]): ReadonlyMap<string, Buffer[]> {
  const mangled = new Map<string, Buffer[]>();
  if (!argv.some((word) => word.includes(REPLACED))) return mangled;
  for (const bytes of given()) {
    const told = bytes.toString("utf8");
    if (told.includes(REPLACED) && !Buffer.from(told).equals(bytes))
      mangled.set(told, [...(mangled.get(told) ?? []), bytes]);
  }
  return mangled;
}

/**
 * True when a word of the command line is not valid UTF-8. Node, which decodes all of them, has lost what it was: a file
 * of that name cannot be opened by it, nor named to another program.
 */
export function hasRawWords(argv: readonly string[], given = givenWords): boolean {
  const mangled = mangledWords(argv, given);
  return argv.some((word) => mangled.has(word));
}

/**
 * The program and arguments to start in place of `bin` and `argv`, so that words which are not valid UTF-8 reach it byte
 * for byte: a shell, which is told these words by escapes alone. As they are where all words are valid.
 */
export function withRawWords(
  bin: string,
  argv: readonly string[],
  given = givenWords,
): { readonly bin: string; readonly argv: readonly string[] } {
  const mangled = mangledWords(argv, given);
  if (mangled.size === 0) return { bin, argv };
  const words = argv.map((word) => {
    const raws = mangled.get(word);
    // The same word several times: the last of what was given stands for the rest.
    return (raws && raws.length > 1 ? raws.shift() : raws?.[0]) ?? Buffer.from(word);
  });
  const script = [PLAIN_BYTES, ...words.map(setWord), OWN_LOCALE, 'exec "$0" "$@"'].join("\n");
  return { bin: "/bin/sh", argv: ["-c", script, bin] };
}

/**
 * Bytes are no characters here: bash takes some that are none together with those behind them. What the program is to
 * have of its environment stays as it was.
 */
const PLAIN_BYTES = "_df_set=${LC_ALL+x}; _df_was=${LC_ALL-}; LC_ALL=C";
const OWN_LOCALE = 'if [ "$_df_set" ]; then LC_ALL=$_df_was; else unset LC_ALL; fi';

/** A line that adds a word to the shell's own arguments. `$(…)` takes newlines off the end: something stands behind them. */
function setWord(word: Buffer): string {
  return `_df_w=$(printf '${[...word].map(escape).join("")}.'); set -- "$@" "\${_df_w%.}"`;
}

/** A byte in a format of printf(1), between quotes; a format that began with `-` would be an option. */
function escape(byte: number): string {
  const char = String.fromCharCode(byte);
  if (/[\w+,./:=@]/.test(char)) return char;
  return char === "%" ? "%%" : `\\${byte.toString(8).padStart(3, "0")}`;
}
