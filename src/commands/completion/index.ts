import { nearest } from "../../lib/did-you-mean.js";
import { readWords, wrongUse } from "../words.js";
import { candidates } from "./candidates.js";
import { SCRIPTS } from "./scripts.js";

/** What the scripts ask with; not for people, and so in no help. */
const ASK = "candidates";

/** `distffmpeg completion bash|zsh|fish`: the script for a shell, on standard output. */
export async function completionCommand(words: readonly string[], flags: ReadonlyMap<string, string>): Promise<number> {
  const [first, ...rest] = words;
  if (first === ASK) {
    // The words come behind `--`, with -df_ flags among them that are still being typed: those are no flags of ours.
    const typed = process.argv.slice(process.argv.indexOf("--") + 1);
    const found = await candidates(typed, flags);
    process.stdout.write(found.map((word) => `${word}\n`).join(""));
    return 0;
  }
  const read = await readWords("completion", words, {
    usage: [
      "distffmpeg completion bash|zsh|fish\n",
      "Prints the script that completes distffmpeg's words: subcommands, workers, flags and their values.",
      "  bash   distffmpeg completion bash > ~/.local/share/bash-completion/completions/distffmpeg",
      '  zsh    distffmpeg completion zsh > "${fpath[1]}/_distffmpeg"',
      "  fish   distffmpeg completion fish > ~/.config/fish/completions/distffmpeg.fish",
    ].join("\n"),
    switches: {},
  });
  if ("status" in read) return read.status;
  const shells = Object.keys(SCRIPTS);
  const script = SCRIPTS[first ?? ""];
  if (script !== undefined && rest.length === 0) {
    process.stdout.write(script);
    return 0;
  }
  if (first === undefined || rest.length > 0)
    return wrongUse("completion", `completion needs one of ${shells.join(", ")}`);
  const near = nearest(first, shells);
  return wrongUse(
    "completion",
    `completion ${first} is not known${near === undefined ? "" : `; did you mean ${near}?`}`,
  );
}
