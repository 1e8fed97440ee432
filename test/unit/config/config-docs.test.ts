import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { describeFlags } from "../../../src/config/flags.js";
import { loadConfig } from "../../../src/config/load.js";
import { buildFarm } from "../../../src/config/farm.js";
import { firstSentence, plainWords, SETTINGS, WORKER_SETTINGS } from "../../../src/config/meanings.js";
import { allowedAt, SCALAR_KEYS, shapeAt } from "../../../src/config/schema.js";
import { EXIT_STATUSES } from "../../../src/commands/help/exit.js";

/** The tables of docs/config.md and docs/cli.md are what the program's own tables say; `node scripts/config-doc.mjs` writes them. */

const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const table = (head: readonly string[], rows: readonly string[]): string =>
  [row(...head), row(...head.map(() => "---")), ...rows].join("\n");
const HEAD = ["key", "default", "allowed", "meaning"];

const settings = (): string =>
  table(HEAD, [
    ...SCALAR_KEYS.map((key) => row(`\`${key}\``, SETTINGS[key].usual, allowedAt([key]), SETTINGS[key].says)),
    row(
      "`workers`",
      "none",
      allowedAt(["workers"]),
      "The machines that encode, [below](#workers). As a flag or variable it only chooses among them.",
    ),
  ]);
const workers = (): string =>
  table(
    HEAD,
    Object.entries(WORKER_SETTINGS).map(([key, { usual, says }]) =>
      row(`\`${key}\``, usual, allowedAt(["workers", 0, key]), says),
    ),
  );
const flags = (): string =>
  table(
    ["flag", "takes", "meaning"],
    describeFlags()
      .filter(({ key }) => !SCALAR_KEYS.some((known) => known === key))
      .map(({ flag, takes, says, variable }) =>
        row(`\`${flag}\``, takes, variable === undefined ? says : `${says} Also as \`${variable}\`.`),
      ),
  );
const statuses = (): string =>
  table(
    ["status", "meaning"],
    EXIT_STATUSES.map((cells) => row(...cells)),
  );

describe("generated tables", () => {
  test.each([
    ["docs/config.md", "settings", settings],
    ["docs/config.md", "workers", workers],
    ["docs/config.md", "flags", flags],
    ["docs/cli.md", "exit statuses", statuses],
  ])("%s: %s", (path, name, make) => {
    const file = new URL(`../../../${path}`, import.meta.url);
    const text = readFileSync(file, "utf8");
    const [start, end] = [`<!-- ${name} -->\n\n`, `\n\n<!-- end of ${name} -->`];
    const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
    expect(text).toContain(start);
    if (process.env["DISTFFMPEG_WRITE_DOCS"] === "1")
      writeFileSync(file, text.slice(0, from) + make() + text.slice(to));
    else expect(text.slice(from, to)).toBe(make());
  });
});

describe("what is said of settings", () => {
  const loaded = loadConfig({ env: { HOME: "/home/u" }, cwd: "/" });
  if (!loaded.ok) throw new Error("no defaults");

  test.each(SCALAR_KEYS)("the default of %s is the one that holds", (key) => {
    const usual = plainWords(SETTINGS[key].usual).split(", or ").at(-1)?.replace("~", "/home/u");
    expect(usual).toBe(String(loaded.value.config[key]));
  });

  test("all that may be said of a worker is explained, with the defaults that hold", () => {
    expect(Object.keys(WORKER_SETTINGS)).toEqual(Object.keys(shapeAt(["workers", 0]) ?? {}));
    const [worker] = buildFarm([{ host: "tower" }], "/home/u");
    for (const key of ["work_path", "ffmpeg_bin", "platform", "slots", "numa", "nice"] as const)
      expect(plainWords(WORKER_SETTINGS[key]?.usual ?? "").split(",")[0]).toBe(String(worker?.[key]));
  });

  test("the first sentence is one", () => {
    expect(firstSentence("Shortest chunk, in frames. More.")).toBe("Shortest chunk, in frames.");
    expect(firstSentence("Where: at keyframes.")).toBe("Where.");
    expect(firstSentence("Read log.md now")).toBe("Read log.md now");
  });
});
