import { describeFlags } from "../../config/flags.js";
import { firstSentence, plainWords } from "../../config/meanings.js";
import { nearest } from "../../lib/did-you-mean.js";
import { ownVersion } from "../../lib/own-package.js";
import { type Block, renderBlocks, renderSections, type Section } from "../../ui/manual.js";
import { SUBCOMMANDS } from "../subcommands.js";
import { WRONG_USE } from "../words.js";
import { EXAMPLES, PROMISE } from "./examples.js";
import { TOPICS } from "./topics.js";

/** distffmpeg's own version, with a newline. */
export function version(): string {
  return `distffmpeg ${ownVersion()}\n`;
}

/** `--help`: what to copy first, then where to read on. */
export function help(): string {
  const commands = Object.entries(SUBCOMMANDS).map(([name, { about }]): [string, string] => [name, about]);
  const blocks: readonly Block[] = [
    "distffmpeg: the same command as ffmpeg, the same output, encoded by many machines",
    ...EXAMPLES.flatMap(({ title, commands: lines }) => [`${title}:`, { commands: lines }]),
    PROMISE,
    "Commands (each has --help):",
    { terms: commands },
    {
      terms: [
        ["-h, -version, …", "are ffmpeg's own, as everything else"],
        ["-df_KEY=VALUE", "settings of distffmpeg for this run; -df_help lists them"],
        ["--version", "distffmpeg's version"],
      ],
    },
    `distffmpeg help TOPIC explains: ${Object.keys(TOPICS).join(", ")}`,
  ];
  // What belongs together stands together: a title directly above its commands.
  return renderBlocks(blocks, terminal()).replace(/:\n\n(?= {2}\S)/g, ":\n");
}

/** `-df_help`: every flag with what it takes, its default and what it is for. */
export function flagHelp(): string {
  return renderBlocks([{ terms: flagTerms() }, "distffmpeg help KEY says more of one."], terminal());
}

/** Every flag as the manual lists it: what it takes, its default, and what it is for where that says more. */
export function flagTerms(): [string, string][] {
  return describeFlags().map(({ flag, takes, usual, says }) => {
    const initial = usual === "" ? "" : ` (default: ${plainWords(usual)})`;
    const purpose = firstSentence(plainWords(says));
    const known = takes.replace(/^(?:an?|the) /, "").toLowerCase();
    const more = purpose.toLowerCase().startsWith(known) ? "" : ` ${purpose}`;
    return [flag, `${takes}${initial}.${more}`];
  });
}

/** `distffmpeg help [TOPIC]`: 2 where there is no such topic. */
export async function helpCommand(words: readonly string[]): Promise<number> {
  const [word, ...more] = words;
  if (word === undefined || word === "--help") return say(help());
  // As in `distffmpeg help workers add`.
  const subcommand = SUBCOMMANDS[word.toLowerCase()];
  if (more.length > 0) return subcommand ? subcommand.run([...more, "--help"], new Map()) : unknown(words.join(" "));
  if (word === "man") {
    const { manPage } = await import("./man.js");
    return say(await manPage());
  }
  const name = word.toLowerCase();
  const key = name.replace(/^df_/, "").replace(/=.*$/, "");
  const topic = TOPICS[name];
  if (topic) return say(renderSections([{ title: topic.about, blocks: topic.blocks() }], terminal()));
  // A subcommand that is no topic explains itself.
  if (subcommand) return subcommand.run(["--help"], new Map());
  const setting = describeFlags().find((flag) => flag.key === key);
  return setting ? say(renderSections([settingSection(setting)], terminal())) : unknown(word);
}

function settingSection({
  key,
  flag,
  takes,
  usual,
  says,
  variable,
}: ReturnType<typeof describeFlags>[number]): Section {
  const terms: [string, string][] = [
    ["takes", takes],
    ...(usual === "" ? [] : [["default", plainWords(usual)] as [string, string]]),
    ["flag", flag.endsWith("=") ? `${flag}VALUE` : flag],
    ...(variable === undefined ? [] : [["variable", `${variable}=VALUE`] as [string, string]]),
  ];
  return { title: key, blocks: [plainWords(says), { terms }] };
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}

function unknown(word: string): number {
  const topics = [...new Set([...Object.keys(TOPICS), ...Object.keys(SUBCOMMANDS)])];
  const keys = describeFlags().map(({ key }) => key);
  const near = nearest(word, [...topics, ...keys]);
  const meant = near === undefined ? "" : `; did you mean ${near}?`;
  const list = renderBlocks([`Topics: ${topics.join(", ")}; and every setting that -df_help lists.`], 78);
  process.stderr.write(`distffmpeg: there is no help about ${word}${meant}\n${list}`);
  return WRONG_USE;
}

/** The columns of standard output; 80 where it is no terminal. */
function terminal(): number {
  return process.stdout.isTTY ? process.stdout.columns : 80;
}
