import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, test } from "vitest";
import { COMMANDS, places, row, wordsOf } from "./commands.js";
import { runBoth } from "./compare.js";
import { must, ROOT } from "./programs.js";
import { Sources } from "./sources.js";
import { isLeftOut } from "../thorough.js";

/** Real commands beside plain ffmpeg, and docs/commands.md, which is made of what came of them here. */
const DOC = join(ROOT, "docs", "commands.md");
const WRITE = process.env["DISTFFMPEG_WRITE_DOCS"] === "1";

const sources = new Sources();
const rows = new Map<string, string>();
let found: ReadonlyMap<string, string> = new Map();
/** The document speaks of this version. */
let documented = false;

beforeAll(async () => {
  found = await places(sources);
  documented = /^ffmpeg version n?5\.1/.test(await must("ffmpeg", ["-version"]));
}, 120_000);
afterAll(() => {
  sources.close();
  if (WRITE && documented && rows.size === COMMANDS.length) writeFileSync(DOC, document());
});

describe("real commands", { concurrent: true, timeout: 600_000 }, () => {
  for (const command of COMMANDS) {
    const { about, line, split, stdin, compare } = command;
    test.skipIf(isLeftOut(about))(about, async ({ expect, signal }) => {
      const { differences, summary } = await runBoth(wordsOf(line, found), {
        ...{ signal, before: stdin === "key" ? ["-v", "error"] : ["-y", "-v", "error"] },
        ...(stdin === undefined ? {} : { stdin: found.get(stdin) ?? "" }),
        ...compare,
      });
      expect(differences.join("; "), summary?.reason).toBe("");
      expect(summary?.route, summary?.reason).toBe((split === "up to 6.0" ? documented : split) ? "chunks" : "local");
      if (!summary) return;
      rows.set(about, row(command, summary));
      if (documented && !WRITE) expect(readFileSync(DOC, "utf8").split("\n")).toContain(rows.get(about));
    });
  }
});

test.skipIf(WRITE)("the document has these commands and no others", ({ expect }) => {
  const lines = existsSync(DOC) ? readFileSync(DOC, "utf8").split("\n") : [];
  const told = lines.filter((line) => /^\| .* \| `ffmpeg /.test(line)).map((line) => line.split(" | ")[0]?.slice(2));
  expect(told).toEqual(COMMANDS.map(({ about }) => about));
});

function document(): string {
  const all = COMMANDS.map(({ about }) => rows.get(about) ?? "");
  return `# Commands that are really run

What people and programs ask of ffmpeg, and what becomes of it: split into chunks, or run whole by plain ffmpeg, and why.
Each of these is run beside plain ffmpeg, with a short film in place of the real one: the same exit status, the same on
standard output, the same files. This table is written by \`node scripts/commands-doc.mjs\` from what came of them with
ffmpeg 5.1 and no workers, and a test holds it to that; \`distffmpeg explain …\` says the same of a command at hand.

| what for | command | | why |
| --- | --- | --- | --- |
${all.join("\n")}

Bitrates are shared out among chunks from two minutes on ([rate-control.md](rate-control.md)); shorter films run whole.
`;
}
