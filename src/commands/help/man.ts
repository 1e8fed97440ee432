import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { OWN_PROGRAM, ownVersion } from "../../lib/own-package.js";
import { type Block, renderMan, type Section } from "../../ui/manual.js";
import { SUBCOMMANDS } from "../subcommands.js";
import { EXAMPLES, PROMISE } from "./examples.js";
import { flagTerms } from "./index.js";
import { TOPICS } from "./topics.js";

const run = promisify(execFile);

/** distffmpeg(1), made of what `--help`, `-df_help`, the topics and each subcommand's own help say. */
export async function manPage(): Promise<string> {
  const own = await Promise.all(
    Object.keys(SUBCOMMANDS).map(async (name): Promise<Block[]> => {
      const { stdout } = await run(process.execPath, [OWN_PROGRAM, name, "--help"], { encoding: "utf8" });
      return [`\`${name}\``, { commands: stdout.trimEnd().split("\n") }];
    }),
  );
  const sections: readonly Section[] = [
    {
      title: "Synopsis",
      blocks: [
        {
          commands: [
            "distffmpeg [-df_KEY=VALUE …] FFMPEG'S ARGUMENTS",
            `distffmpeg ${Object.keys(SUBCOMMANDS).join("|")} …`,
            "distffmpeg --help | --version",
          ],
        },
      ],
    },
    { title: "Description", blocks: [PROMISE] },
    { title: "Examples", blocks: EXAMPLES.flatMap(({ title, commands }): Block[] => [`${title}:`, { commands }]) },
    {
      title: "Options",
      blocks: ["Everything that does not begin with `-df_` is ffmpeg's; see ffmpeg(1).", { terms: flagTerms() }],
    },
    // Help is the synopsis, once more.
    { title: "Commands", blocks: own.filter((_, i) => Object.keys(SUBCOMMANDS)[i] !== "help").flat() },
    ...Object.entries(TOPICS).map(([name, { about, blocks }]) => ({
      // As man-pages(7) calls it.
      title: name === "exit" ? about : name,
      blocks: [`${about}.`, ...blocks()],
    })),
    { title: "See also", blocks: ["ffmpeg(1), ffprobe(1), ssh(1), ssh_config(5), numactl(8), nice(1)"] },
  ];
  return renderMan("distffmpeg", ownVersion(), "ffmpeg on many machines: the same command, the same output", sections);
}
