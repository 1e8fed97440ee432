import { parseCommand } from "./parse.js";

/** The program's name, as it stands between two commands. */
const NAME = "ffmpeg";

/**
 * The commands in `ARGS ffmpeg ARGS …`, where the second goes on from the first (two passes on one line); a `&&` before
 * the word may be there as well. Plain ffmpeg would take the word for an output without a format, which it refuses: so
 * it means no file where it stands directly behind an output. Otherwise the command as it is.
 */
export function commandsIn(argv: readonly string[]): readonly (readonly string[])[] {
  const commands: (readonly string[])[] = [];
  let start = 0;
  for (const [at, word] of argv.entries()) {
    if (word !== NAME) continue;
    const end = argv[at - 1] === "&&" ? at - 1 : at;
    const left = argv.slice(start, end);
    if (!endsWithOutput(left)) continue;
    commands.push(left);
    start = at + 1;
  }
  return [...commands, argv.slice(start)];
}

function endsWithOutput(argv: readonly string[]): boolean {
  const parsed = parseCommand(argv);
  return parsed.ok && parsed.value.trailing.length === 0 && parsed.value.order.at(-1) === "output";
}
