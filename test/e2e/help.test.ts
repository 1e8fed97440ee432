import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TOPICS } from "../../src/commands/help/topics.js";
import { SUBCOMMANDS } from "../../src/commands/subcommands.js";
import { describeFlags } from "../../src/config/flags.js";
import { width } from "../../src/ui/text.js";
import { cliPath, type Ended, runCli } from "../equivalence/programs.js";

/** Help reads no configuration: it is asked for where there is none, and no home folder. */

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "help-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const ask = async (...words: readonly string[]): Promise<Ended> => {
  const { stdout, ...rest } = await runCli(words, { cwd: folder, env: { HOME: "/nowhere" } });
  return { ...rest, stdout: Buffer.from(stdout, "latin1").toString("utf8") };
};

describe("help", () => {
  test("opens with what to copy: local, workers, resume", async () => {
    const { stdout } = await ask("--help");
    const commands = [...stdout.matchAll(/^ {2}(distffmpeg .*)$/gm)].map(([, line]) => line ?? "");
    expect(commands.slice(0, 5).map((line) => line.split(" ").slice(1, 3).join(" "))).toEqual([
      ...["-i film.mkv", "workers add", "workers add", "-i film.mkv", "jobs"],
    ]);
    for (const name of [...Object.keys(SUBCOMMANDS), ...Object.keys(TOPICS)]) expect(stdout).toContain(name);
    expect((await ask("help")).stdout).toBe(stdout);
  });

  test("a topic, a subcommand, a setting", async () => {
    expect(await ask("help", "EXIT")).toMatchObject({ code: 0, stdout: expect.stringContaining("  255  stopped by") });
    expect((await ask("help", "jobs")).stdout).toBe((await ask("jobs", "--help")).stdout);
    expect((await ask("help", "workers", "add")).stdout).toMatch(/^distffmpeg workers add USER@HOST/);
    const setting = await ask("help", "keyint_min");
    expect(setting.stdout).toMatch(
      /^keyint_min\n\nShortest.*\n\n {2}takes.*\n {2}default +120\n.*\n.*DISTFFMPEG_KEYINT_MIN/,
    );
    expect((await ask("help", "df_keyint_min=3")).stdout).toBe(setting.stdout);
  });

  test("what is not known: the nearest, all there are, status 2", async () => {
    const { code, stdout, stderr } = await ask("help", "worker");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^distffmpeg: there is no help about worker; did you mean workers\?\n/);
    expect(stderr).toContain("troubleshooting");
    expect(await ask("wrokers", "list")).toEqual({
      ...{ code: 2, signal: null, stdout: "" },
      stderr: "distffmpeg: there is no command wrokers; did you mean workers?\nTry: distffmpeg --help\n",
    });
    // With an input, or far from any command, it is ffmpeg's.
    expect((await ask("wrokers", "-i", "none.mkv")).stderr).toContain("none.mkv: No such file");
    expect((await ask("zzzzzzz")).stderr).not.toContain("did you mean");
  });

  test("-df_help has every flag with its default, no line wider than the terminal", async () => {
    const { stdout } = await ask("-df_help");
    for (const { flag } of describeFlags()) expect(stdout).toContain(`  ${flag} `);
    expect(stdout.replace(/\s+/g, " ")).toContain(
      "a whole number of frames from 1 to 1000000 (default: 120). Shortest chunk",
    );
    expect(stdout.split("\n").filter((line) => width(line) > 80)).toEqual([]);
  });
});

describe("the man page", () => {
  test("is built with the program, has all that help has, and troff has nothing to say against it", async () => {
    const page = readFileSync(join(dirname(cliPath()), "distffmpeg.1"), "utf8");
    expect(page).toBe((await ask("help", "man")).stdout);
    expect(page).not.toMatch(/[^\0-\x7f]/);
    // What help says is the page itself.
    for (const name of Object.keys(SUBCOMMANDS).filter((one) => one !== "help"))
      expect(page).toMatch(new RegExp(`^distffmpeg ${name} `, "m"));
    for (const { flag } of describeFlags()) expect(page).toContain(`\n\\fB${flag.replaceAll("-", "\\-")}\\fR\n`);
    const titles = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title);
    expect(titles).toEqual(
      expect.arrayContaining(["NAME", "SYNOPSIS", "OPTIONS", "FILES", "ENVIRONMENT", "EXIT STATUS"]),
    );
    const groff = spawnSync("groff", ["-man", "-ww", "-z"], { input: page, encoding: "utf8" });
    if (groff.error === undefined) expect(groff).toMatchObject({ status: 0, stderr: "" });
  });
});
