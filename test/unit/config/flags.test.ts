import { describe, expect, test } from "vitest";
import { checkFlags, describeFlags } from "../../../src/config/flags.js";
import { flagIsOn, takeFlags } from "../../../src/config/take-flags.js";

describe("takeFlags", () => {
  test("takes flags from anywhere and leaves ffmpeg's command line in order", () => {
    const { rest, flags } = takeFlags([
      ...["-df_keyint_min=48", "-i", "in.mkv", "--df_keyint_max=120", "-c:v", "libx264"],
      ...["-df_plan", "out.mp4", "-df_summary=a=b.json"],
    ]);
    expect(rest).toEqual(["-i", "in.mkv", "-c:v", "libx264", "out.mp4"]);
    expect([...flags]).toEqual([
      ["keyint_min", "48"],
      ["keyint_max", "120"],
      ["plan", "true"],
      ["summary", "a=b.json"],
    ]);
  });

  test("leaves everything else alone", () => {
    const argv = ["-df", "-dframes", "df_plan", "---df_plan", "", "-vf", "drawtext=text=-df_x=1", "--", "-y"];
    expect(takeFlags(argv)).toEqual({ rest: argv, flags: new Map() });
  });

  test("the last of two wins", () => {
    expect(takeFlags(["-df_loglevel=info", "-df_loglevel=debug"]).flags.get("loglevel")).toBe("debug");
  });
});

describe("checkFlags", () => {
  const check = (...argv: string[]): ReturnType<typeof checkFlags> => checkFlags(takeFlags(argv).flags);

  test("knows every flag that describeFlags names", () => {
    const argv = describeFlags().map(({ flag }) => (flag.endsWith("=") ? `${flag}x` : flag));
    expect(argv).toContain("-df_workers=x");
    expect(argv).toContain("-df_plan");
    expect(check(...argv)).toEqual([]);
    expect(describeFlags().every(({ takes }) => takes !== "")).toBe(true);
  });

  test("names the nearest flag for an unknown one", () => {
    expect(check("-df_keyintmin=5")).toEqual([
      { what: "command line: unknown setting -df_keyintmin", fix: "Did you mean -df_keyint_min?" },
    ]);
    expect(check("-df_=5", "-df_colour=red").map((problem) => problem.fix)).toEqual([
      expect.stringContaining("ffmpeg_bin, "),
      expect.stringContaining("ffmpeg_bin, "),
    ]);
  });

  test("wants values where flags take them, and yes or no for switches", () => {
    const whats = check("-df_keyint_min", "-df_summary=", "-df_plan=maybe", "-df_help=no").map((p) => p.what);
    expect(whats).toEqual([
      expect.stringContaining("-df_keyint_min needs a value: a whole number of frames"),
      expect.stringContaining("-df_summary needs a value: a file"),
      expect.stringContaining('-df_plan is "maybe", but must be true or false'),
    ]);
  });

  test("flagIsOn", () => {
    expect(flagIsOn(takeFlags(["-df_plan"]).flags, "plan")).toBe(true);
    expect(flagIsOn(takeFlags(["-df_plan=YES"]).flags, "plan")).toBe(true);
    expect(flagIsOn(takeFlags(["-df_plan=0"]).flags, "plan")).toBe(false);
    expect(flagIsOn(new Map(), "help")).toBe(false);
  });
});
