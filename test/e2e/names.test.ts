import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { readSummary } from "../equivalence/compare.js";
import { cliPath, type Ended, run, type StartOptions } from "../equivalence/programs.js";
import { Sources } from "../equivalence/sources.js";
import { until } from "../lab/sessions.js";
import { ALL } from "../thorough.js";

/** distffmpeg under the names of ffmpeg and ffprobe, in front of the real ones on the PATH. */

vi.setConfig({ testTimeout: 600_000 });

const sources = new Sources();
afterAll(() => sources.close());

let folder = "";
let bin = "";
beforeEach(() => {
  folder = mkdtempSync(join(sources.folder, "names-"));
  bin = join(folder, "bin");
  mkdirSync(bin);
  chmodSync(cliPath(), 0o755);
  for (const name of ["ffmpeg", "ffprobe"]) symlinkSync(cliPath(), join(bin, name));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const settings = (options: StartOptions = {}): StartOptions => ({
  cwd: folder,
  ...options,
  env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: join(folder, "state"), ...options.env },
});
const inFront = (): Record<string, string> => ({ PATH: `${bin}:${process.env.PATH}` });
const linked = (name: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  run(join(bin, name), args, settings({ ...options, env: inFront() }));
const plain = (name: string, args: readonly string[], options: StartOptions = {}): Promise<Ended> =>
  run(name, args, settings(options));

/** Addresses of memory and times of day. */
const steady = ({ stderr, ...rest }: Ended): Ended => ({ ...rest, stderr: stderr.replace(/@ 0x[0-9a-f]+/g, "@") });

describe("called ffmpeg", () => {
  test.each([
    [[]],
    [["--help"]],
    [["-version"]],
    [["-hide_banner", "-encoders"]],
    [["-h", "filter=scale"]],
    [["-nonsense"]],
    [["-i"]],
    [["-v", "error", "-i", "missing.mkv", "o.mkv"]],
  ])("%j is ffmpeg's own, byte for byte", async (args) => {
    expect(steady(await linked("ffmpeg", args))).toEqual(steady(await plain("ffmpeg", args)));
  });

  test("a trial of a filter with a key on standard input says nothing of ours", async () => {
    const keys = join(folder, "keys");
    writeFileSync(keys, "?");
    const args = ["-hide_banner", "-nostats", "-f", "lavfi", "-i", "nullsrc=s=1x1:d=4", "-f", "null", "-"];
    const ours = await linked("ffmpeg", args, { stdin: keys });
    expect({ code: ours.code, stdout: ours.stdout }).toEqual({ code: 0, stdout: "" });
    expect(ours.stderr).not.toContain("distffmpeg");
    expect(ours.stderr).toMatch(/^Input #0, lavfi, from 'nullsrc=s=1x1:d=4':/);
  });

  test("a film is split, by the ffmpeg behind us on the PATH", async () => {
    const short = ["-df_keyint_min=10", "-df_keyint_max=60", "-df_segment_frames=30", "-df_summary=s.json"];
    const film = await sources.get("h264.mp4");
    const made = await linked("ffmpeg", [...short, "-v", "error", "-i", film, "-c:v", "ffv1", "-an", "o.mkv"]);
    expect(made).toEqual({ code: 0, signal: null, stdout: "", stderr: "" });
    expect(readSummary(join(folder, "s.json"))).toMatchObject({ route: "chunks", frames: 150 });
  });

  test("a script in between leads to the real one too, not round in a circle", async () => {
    rmSync(join(bin, "ffmpeg"));
    writeFileSync(join(bin, "ffmpeg"), `#!/bin/sh\nexec '${process.execPath}' '${cliPath()}' "$@"\n`, { mode: 0o755 });
    expect(await linked("ffmpeg", ["-version"])).toEqual(await plain("ffmpeg", ["-version"]));
  });

  test("without a real one it says so, and starts nothing", async () => {
    const node = join(folder, "node");
    symlinkSync(process.execPath, node);
    const alone = { env: { PATH: `${bin}:${folder}` } };
    for (const args of [["-version"], ["-i", "x.mkv", "o.mkv"]]) {
      const { code, stdout, stderr } = await run(join(bin, "ffmpeg"), args, settings(alone));
      expect({ code, stdout }).toEqual({ code: 127, stdout: "" });
      expect(stderr).toMatch(/^distffmpeg: .*bin\/ffmpeg is distffmpeg itself\nTry: install ffmpeg /);
    }
  });

  test("descriptors that the command names are ffmpeg's too", async () => {
    const film = await sources.get("mpeg2.ts");
    const args = [
      "-c",
      `"$0" -v error -i <(cat '${film}') -map 0:a -f md5 -; "$0" -v error -i '${film}' -map 0:a -f md5 -`,
    ];
    const { stdout, stderr } = await run("bash", [...args, join(bin, "ffmpeg")], settings());
    expect(stderr).toBe("");
    const [first, second] = stdout.trim().split("\n");
    expect(first).toMatch(/^MD5=/);
    expect(first).toBe(second);
  });

  test.for(["SIGINT", "SIGTERM"] as const)("%s to it alone ends ffmpeg in order: 255", async (signal, { skip }) => {
    skip(!ALL && signal === "SIGTERM");
    const endless = ["-v", "error", "-re", "-f", "lavfi", "-i", "testsrc2=s=64x64", "-c:v", "ffv1", "o.mkv"];
    const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, HOME: folder };
    const child = spawn(join(bin, "ffmpeg"), endless, { cwd: folder, env, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
    await until(() => existsSync(join(folder, "o.mkv")) && readFileSync(join(folder, "o.mkv")).length > 0, 120);
    child.kill(signal);
    expect(await ended).toBe(255);
    const { code } = await plain("ffprobe", ["-v", "error", "o.mkv"]);
    expect(code).toBe(0);
  });
});

test("called ffprobe it is the real ffprobe", async () => {
  const film = await sources.get("h264.mp4");
  for (const args of [["-v", "error", "-show_streams", "-of", "json", film], ["-v", "error", "missing.mkv"], []]) {
    expect(await linked("ffprobe", args)).toEqual(await plain("ffprobe", args));
  }
});
