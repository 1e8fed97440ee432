/** Characters that no shell gives a meaning to, so that the usual argument stays readable in logs and in `ps`. */
const PLAIN = /^[A-Za-z0-9_%+,./:=@-]+$/;

/**
 * One argument as a word of a POSIX shell, which reads back exactly `arg`.
 *
 * Quotes, backslashes and `!` stand outside the single quotes, each behind a backslash: the first command of a
 * connection is read by the user's login shell, and fish gives `\` a meaning inside single quotes, csh gives one to `!`.
 * Throws on a NUL character, which no program's argument can carry (a bug of the caller).
 */
export function quote(arg: string): string {
  if (arg.includes("\0")) throw new RangeError("an argument of a program cannot hold a NUL character");
  if (arg === "") return "''";
  if (PLAIN.test(arg)) return arg;
  return arg.replace(/['\\!]|[^'\\!]+/g, (run) => (/^['\\!]$/.test(run) ? `\\${run}` : `'${run}'`));
}

/** The words of a whole command line, each quoted, one space between. Throws as `quote` does. */
export function quoteAll(argv: readonly string[]): string {
  return argv.map(quote).join(" ");
}
