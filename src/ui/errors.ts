import type { ChalkInstance } from "chalk";
import type { Problem } from "../lib/result.js";
import { noColour } from "./colour.js";
import { oneLine, stripControl } from "./text.js";

/**
 * The one form of every error, ending in a newline:
 *
 *     distffmpeg: what failed
 *       ffmpeg's own words, line by line
 *     Try: the next command to type
 */
export function renderError(problem: Problem, chalk: ChalkInstance = noColour): string {
  const lines = [`${chalk.red.bold("distffmpeg:")} ${oneLine(problem.what)}`];
  const detail = stripControl(problem.detail ?? "").split("\n");
  for (const line of detail) {
    if (line.trim() !== "") lines.push(`  ${line.trimEnd()}`);
  }
  const [fix, ...more] = stripControl(problem.fix ?? "")
    .trim()
    .split("\n");
  if (fix !== undefined && fix !== "") {
    lines.push(`${chalk.green("Try:")} ${fix}`, ...more.map((line) => `     ${line.trim()}`));
  }
  return `${lines.join("\n")}\n`;
}
