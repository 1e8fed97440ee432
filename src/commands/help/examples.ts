/** What to copy first: on this machine, on two more, and after a stop. */
export const EXAMPLES: readonly { readonly title: string; readonly commands: readonly string[] }[] = [
  {
    title: "On this machine alone, on all its cores",
    commands: ["distffmpeg -i film.mkv -c:v libx264 -crf 20 -c:a copy out.mkv"],
  },
  {
    title: "On two machines more, that have ffmpeg and an SSH server",
    commands: [
      "distffmpeg workers add encoder@tower.local",
      "distffmpeg workers add bob@attic --name attic",
      "distffmpeg -i film.mkv -c:v libsvtav1 -preset 7 -crf 40 -c:a libopus out.webm",
    ],
  },
  {
    title: "Stopped, killed, out of power: the same command typed again goes on; or by its number",
    commands: ["distffmpeg jobs", "distffmpeg jobs resume 15eca026"],
  },
  {
    title: "See what would be run where, and do nothing",
    commands: ["distffmpeg explain -i film.mkv -c:v libx265 -crf 24 -c:a copy out.mkv"],
  },
];

/** What distffmpeg does, and what it promises. */
export const PROMISE =
  "The film is split on this machine, encoded in chunks on every worker that can be reached over SSH, and joined with its sound and everything else. What cannot be split so that the output is what plain ffmpeg would have written runs as plain ffmpeg, and says why.";
