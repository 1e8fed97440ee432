import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { realProgram, takenForReal } from "../../../src/ffmpeg/real.js";

let folder = "";
let self = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "distffmpeg-real-"));
  self = program("dist/cli.js");
});
afterEach(() => rmSync(folder, { recursive: true }));

function program(name: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "");
  chmodSync(path, 0o755);
  return path;
}

function linked(name: string): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(self, path);
  return path;
}

const path = (...names: string[]): NodeJS.ProcessEnv => ({ PATH: names.map((name) => join(folder, name)).join(":") });

describe("the real ffmpeg", () => {
  test("is the first on the PATH, by the name it was asked for", () => {
    program("a/ffmpeg");
    expect(realProgram("ffmpeg", path("a"), self)).toEqual({ ok: true, value: "ffmpeg" });
  });

  test("is the next one where the first is distffmpeg under that name", () => {
    linked("a/ffmpeg");
    mkdirSync(join(folder, "b/ffmpeg"), { recursive: true });
    writeFileSync(join(folder, "no-program"), "");
    const real = program("c/ffmpeg");
    expect(realProgram("ffmpeg", path("missing", "a", "b", "c"), self)).toEqual({ ok: true, value: real });
  });

  test("is not there when every one of that name is distffmpeg", () => {
    const only = linked("a/ffmpeg");
    const failed = realProgram("ffmpeg", path("a"), self);
    expect(failed).toMatchObject({ ok: false, failure: { what: `${only} is distffmpeg itself` } });
    expect(realProgram(only, {}, self)).toMatchObject({ ok: false, failure: { fix: expect.stringMatching(/real/) } });
  });

  test("that is missing is left to whoever starts it", () => {
    expect(realProgram("ffmpeg", path("a"), self)).toEqual({ ok: true, value: "ffmpeg" });
    expect(realProgram("/no/such/ffmpeg", {}, self)).toEqual({ ok: true, value: "/no/such/ffmpeg" });
  });

  test("is not a script that has called distffmpeg", () => {
    program("a/ffmpeg");
    const real = program("b/ffmpeg");
    const env = path("a", "b");
    expect(takenForReal(env)).toBe(false);
    expect(realProgram("ffmpeg", env, self)).toEqual({ ok: true, value: "ffmpeg" });
    // The script calls distffmpeg again, which sees what the first one has started.
    expect(takenForReal(env)).toBe(true);
    expect(realProgram("ffmpeg", env, self)).toEqual({ ok: true, value: real });
    expect(realProgram("ffmpeg", env, self)).toMatchObject({ ok: false });
  });
});
