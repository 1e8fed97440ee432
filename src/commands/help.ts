import { describeFlags } from "../config/flags.js";
import { ownVersion } from "../lib/own-package.js";

/** distffmpeg's own version, with a newline. */
export function version(): string {
  return `distffmpeg ${ownVersion()}\n`;
}

/** `--help`: what to copy first, then where to read on. */
export function help(): string {
  return `distffmpeg: the same command as ffmpeg, the same output, encoded by many machines

On this machine alone, on all its cores:
  distffmpeg -i film.mkv -c:v libx264 -crf 20 -c:a copy out.mkv

On two machines more (distffmpeg workers add USER@HOST first):
  distffmpeg -i film.mkv -c:v libsvtav1 -preset 7 -crf 40 -c:a libopus out.webm

See what would be run where, and do nothing:
  distffmpeg -df_plan -i film.mkv -c:v libx265 -crf 24 -c:a copy out.mkv

  distffmpeg workers        lists them; workers --help; workers check says whether they can be reached, and what they have
  distffmpeg config show    every setting, and where its value comes from

What was stopped, by whatever it was, goes on where it was when the same command is typed again:
  distffmpeg jobs           lists what can go on; distffmpeg jobs --help
  distffmpeg clean          removes what killed jobs have left here and on the workers

The film is split on this machine, encoded in chunks on every worker that can be reached over SSH, and joined
with its sound and everything else. What cannot be split so that the output is what plain ffmpeg would have
written runs as plain ffmpeg, and says why.

  -h, -version, -encoders …   are ffmpeg's own
  -df_KEY=VALUE               settings of distffmpeg for this run; -df_help lists them
  --version                   distffmpeg's version
`;
}

/** `-df_help`: every flag with what it takes. */
export function flagHelp(): string {
  const flags = describeFlags();
  const wide = Math.max(...flags.map(({ flag }) => flag.length));
  return `${flags.map(({ flag, takes }) => `  ${flag.padEnd(wide)}  ${takes}`).join("\n")}\n`;
}
