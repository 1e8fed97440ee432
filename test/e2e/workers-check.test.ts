import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type Ended, must, runCli } from "../equivalence/programs.js";
import { type Lab, startLab } from "../lab/lab.mjs";
import { fewEncoders } from "../lab/newcomer.js";
import { expectNothingLeft } from "../lab/with-lab.js";
import { ALL } from "../thorough.js";

vi.setConfig({ testTimeout: 600_000 });

let lab: Lab;
let few = "";

beforeAll(async () => {
  lab = await startLab({ workers: 2 });
  // libx265 is said to be there and is not.
  few = fewEncoders(
    join(lab.folder, "few"),
    ["libx264", "mpeg4", "h264_nvenc", "h264_vaapi", "libx265"],
    ['case "$*" in *libx265*) echo "it has no such thing" >&2; exit 1;; esac'],
  );
});
afterAll(() => lab.close());

function onLab(config: string, words: readonly string[]): Promise<Ended> {
  return runCli([`-df_config=${config}`, ...words], { env: { ...lab.env }, cwd: lab.folder });
}

/** A configuration with workers of all kinds: one that can be used, one without ffmpeg, and one that is not there. */
function farm(name: string, extra: Readonly<Record<string, unknown>> = {}): string {
  const [w1] = lab.config().workers;
  const workers = [
    { ...w1, ffmpeg_bin: few },
    { ...w1, name: "bare", ffmpeg_bin: "/no/ffmpeg", drained: true },
    { host: "127.0.0.1", port: 1, name: "gone" },
  ];
  const path = join(lab.home, name);
  writeFileSync(path, JSON.stringify({ ...lab.config(), workers, ...extra }));
  return path;
}

test("list and check: a table, JSON, and status 1 when a worker cannot be used", async () => {
  const config = farm("farm.json");
  const list = await onLab(config, ["workers"]);
  expect(list).toMatchObject({ code: 0, stderr: "" });
  expect(list.stdout).toMatch(/^worker .*\nw1 .*\ngone .*\nbare .* drained\nfrom .*farm\.json:1\n$/);
  const listed = JSON.parse((await onLab(config, ["workers", "list", "--json"])).stdout);
  expect(listed).toMatchObject({
    version: 1,
    workers: [{ name: "w1" }, { name: "gone" }, { name: "bare", drained: true }],
  });

  const checked = await onLab(config, ["workers", "check"]);
  expect(checked.code).toBe(1);
  expect(checked.stdout).toMatch(/^w1 .* fps .* ms .*MiB\/s .* fit$/m);
  expect(checked.stdout).toMatch(/^w1 encodes with: libx264, mpeg4$/m);
  expect(checked.stdout).toMatch(/^w1: libx265 does not encode: it has no such thing$/m);
  expect(checked.stderr).toMatch(/gone: nothing answers at 127\.0\.0\.1 port 1.*\n.*\nTry: sudo systemctl start ssh\n/);
  expect(checked.stderr).toMatch(/bare: there is no \/no\/ffmpeg on the worker\n.*\nTry: .*ffmpeg/);

  expect(await onLab(config, ["workers", "check", "w3"])).toMatchObject({ code: 1, stdout: "" });
  expect(await onLab(config, ["-df_workers=bare", "-i", "x", "y.mkv"])).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("Try: distffmpeg workers undrain bare"),
  });
  await expectNothingLeft(lab);
});

// What is found of one worker as JSON is looked at in the tests of `workers add --json` too.
test.runIf(ALL)("check of one worker as JSON", async () => {
  const config = farm("json.json");
  const json = await onLab(config, ["workers", "check", "--json", "w1"]);
  expect(json.code).toBe(0);
  const [found] = JSON.parse(json.stdout).workers;
  expect(found).toMatchObject({ name: "w1", reachable: true, fit: true, problem: null });
  expect(found.found).toMatchObject({ workPath: lab.workers[0]?.workPath, cores: expect.any(Number) });
  expect(found.found.encoders).toContainEqual({ name: "mpeg4", hardware: false, works: true });
  // In the order of the list, though they are tried side by side.
  expect(found.found.encoders.map(({ name }: { name: string }) => name)).toEqual([
    ...["libx264", "mpeg4", "h264_nvenc", "h264_vaapi", "libx265"],
  ]);
  for (const key of ["up", "down", "roundTrip", "free"]) expect(found.found[key]).toBeGreaterThan(0);
});

test("bench: frames per second of each encoder, and the line; status 1 where one does not encode", async () => {
  const config = farm("bench.json");
  const ended = await onLab(config, ["workers", "bench", "--json"]);
  expect(ended).toMatchObject({ code: 1, stderr: "" });
  const { clip, workers } = JSON.parse(ended.stdout);
  expect(clip).toEqual({ width: 1280, height: 720, frames: 48 });
  expect(workers).toMatchObject([
    { name: "w1", problem: null },
    { name: "gone", speeds: null, problem: { what: expect.stringContaining("nothing answers") } },
    { name: "bare", speeds: null, problem: { what: expect.stringContaining("there is no /no/ffmpeg") } },
  ]);
  const [{ speeds, ...line }] = workers;
  expect(speeds).toMatchObject([
    { encoder: "libx264", options: "-preset medium -crf 23", fps: expect.any(Number), why: null },
    { encoder: "libx265", fps: null, why: "it has no such thing" },
  ]);
  expect(speeds[0].fps).toBeGreaterThan(0);
  for (const key of ["up", "down", "roundTrip"]) expect(line[key]).toBeGreaterThan(0);
  await expectNothingLeft(lab);
});

test.runIf(ALL)("bench as a table", async () => {
  const { code, stdout, stderr } = await onLab(farm("table.json"), ["workers", "bench", "w1", "gone"]);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^worker +libx264 +libx265 +round trip +up +down\n/);
  expect(stdout).toMatch(/^w1 +\d[\d.]* +failed +[\d.]+ ms +\S+ \w+\/s +\S+ \w+\/s$/m);
  expect(stderr).toMatch(/gone: nothing answers/);
});

test("doctor: a line for each thing, what to type where it is amiss, and status 1 when something is to be mended", async () => {
  const [w1] = lab.config().workers;
  const drained = { ...w1, name: "bare", ffmpeg_bin: "/no/ffmpeg", drained: true };
  const well = farm("well.json", { ffmpeg_bin: few, workers: [{ ...w1, ffmpeg_bin: few }, drained] });
  const fine = await onLab(well, ["doctor"]);
  expect(fine.code, fine.stdout).toBe(0);
  for (const about of [
    "config",
    "node",
    "ffmpeg",
    "ffprobe",
    "ssh",
    "keys",
    "temporary files",
    "work path",
    "kept jobs",
  ])
    expect(fine.stdout).toMatch(new RegExp(`^(ok|warn) +${about}  +\\S`, "m"));
  expect(fine.stdout).toMatch(/^warn +encoders +libx264, mpeg4\n +libx265: it has no such thing$/m);
  expect(fine.stdout).toMatch(/^ok +worker w1 +ffmpeg \S+, 2 encoders, .* free$/m);
  expect(fine.stdout).toMatch(/^warn +worker bare +there is no \/no\/ffmpeg .*drained.*\n.*\n +Try: .*ffmpeg/m);
  expect(fine.stdout).toMatch(/\n\d+ ok, \d+ to look at, 0 to mend\n$/);

  const broken = join(lab.home, "broken.json");
  writeFileSync(broken, '{\n  "keyint_mni": 60 }');
  const nowhere = { DISTFFMPEG_CONFIG: "", PATH: "/nowhere", HOME: join(lab.folder, "empty") };
  const ill = await runCli([`-df_config=${broken}`, "doctor", "--json"], {
    env: { ...lab.env, ...nowhere },
    cwd: lab.folder,
  });
  expect(ill.code).toBe(1);
  const { ok, checks } = JSON.parse(ill.stdout);
  expect(ok).toBe(false);
  const found = (about: string): unknown => checks.find((one: { about: string }) => one.about === about);
  expect(found("config")).toMatchObject({ state: "fail", what: `${broken}:2: unknown setting keyint_mni` });
  expect(found("ffmpeg")).toMatchObject({ state: "fail" });
  expect(found("ffprobe")).toMatchObject({ state: "fail", what: "there is no ffprobe on this machine" });
  expect(found("ssh")).toMatchObject({ state: "warn", fix: expect.stringContaining("ssh") });
  expect(found("keys")).toMatchObject({ state: "warn", fix: "ssh-keygen -t ed25519" });
  expect(found("workers")).toMatchObject({ state: "ok", fix: "distffmpeg workers add USER@HOST" });
  await expectNothingLeft(lab);
});

test("a job leaves a drained worker out", async () => {
  const workers = lab.config().workers;
  const config = join(lab.home, "drain.json");
  const short = { segment_frames: 10, keyint_min: 10, keyint_max: 10, fallback: "fail", route: "chunks" };
  writeFileSync(config, JSON.stringify({ ...lab.config(), ...short, workers }));
  const film = join(lab.folder, "film.mkv");
  const source = ["-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=2"];
  await must("ffmpeg", ["-v", "error", ...source, "-c:v", "mpeg4", "-g", "10", film]);
  const whoEncodes = async (): Promise<string[]> => {
    const summary = join(lab.folder, "sum.json");
    const ended = await onLab(config, [`-df_summary=${summary}`, "-y", "-i", film, "-c:v", "ffv1", "out.mkv"]);
    expect(ended.code, ended.stderr).toBe(0);
    const { workers: took } = JSON.parse(readFileSync(summary, "utf8"));
    return took.map(({ name }: { name: string }) => name).sort();
  };
  expect((await onLab(config, ["workers", "drain", "w2"])).code).toBe(0);
  const log = (): string => readFileSync(lab.workers[1]?.log ?? "", "utf8");
  const before = log();
  expect(await whoEncodes()).toEqual(["w1"]);
  expect(log()).toBe(before);
  if (!ALL) return;
  await onLab(config, ["workers", "undrain", "w2"]);
  expect(await whoEncodes()).toEqual(["w1", "w2"]);
});

test("config path, show and check, and words that are not known", async () => {
  const config = join(lab.home, "c.json");
  writeFileSync(config, '{ "keyint_min": 60 }');
  const path = await onLab(config, ["config", "path"]);
  expect(path.stdout).toMatch(/^\S+c\.json +read\n\S+distffmpeg\.json +not there\n/);
  const show = await onLab(config, ["-df_nothing=1", "config", "show"]);
  expect(show).toMatchObject({ code: 3, stderr: expect.stringContaining("-df_nothing") });
  const { settings } = JSON.parse((await onLab(config, ["-df_loglevel=error", "config", "show", "--json"])).stdout);
  expect(settings).toMatchObject({
    keyint_min: { value: 60, from: `${config}:1` },
    loglevel: { value: "error", from: "-df_loglevel" },
    fallback: { value: "local", from: "default" },
  });
  expect(await onLab(config, ["config", "check"])).toMatchObject({ code: 0, stderr: "" });
  writeFileSync(config, '{\n  "keyint_mni": 60 }');
  expect(await onLab(config, ["config", "check"])).toMatchObject({
    code: 3,
    stderr: `distffmpeg: ${config}:2: unknown setting keyint_mni\nTry: Did you mean keyint_min?\n`,
  });
  expect((await onLab(config, ["config", "shwo"])).stderr).toContain("did you mean show?");
  expect((await onLab(config, ["workers", "chek"])).stderr).toContain("did you mean check?");
  expect(readFileSync(config, "utf8")).toContain("mni");
});
