import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type Ended, runCli } from "../equivalence/programs.js";
import type { Lab } from "../lab/lab.mjs";
import { expectNothingLeft, withLab } from "../lab/with-lab.js";

vi.setConfig({ testTimeout: 600_000 });

/** Encoders that are listed; the test's ffmpeg lists no others, so that not each of a full build is tried. */
const LISTS = ["libx264", "mpeg4", "h264_nvenc"];

function onLab(lab: Lab, config: string, words: readonly string[]): Promise<Ended> {
  return runCli([`-df_config=${config}`, ...words], { env: { ...lab.env }, cwd: lab.folder });
}

test("list and check: a table, JSON, and status 1 when a worker cannot be used", async () => {
  await withLab({ workers: 1 }, async (lab) => {
    const config = join(lab.home, "farm.json");
    const own = join(lab.folder, "few");
    // The same ffmpeg, but for what it lists: libx265 is said to be there and is not.
    const listing = [...LISTS, "libx265"].map((name) => `V....D ${name} x`).join("\\n");
    const script = [
      "#!/bin/sh",
      `case "$*" in *-encoders*) printf '${listing}\\n'; exit 0;; *libx265*) echo "it has no such thing" >&2; exit 1;; esac`,
      'exec ffmpeg "$@"',
    ];
    writeFileSync(own, `${script.join("\n")}\n`, { mode: 0o755 });
    const [w1] = lab.config().workers;
    const workers = [
      { ...w1, ffmpeg_bin: own },
      { ...w1, name: "bare", ffmpeg_bin: "/no/ffmpeg", drained: true },
      { host: "127.0.0.1", port: 1, name: "gone" },
    ];
    writeFileSync(config, JSON.stringify({ ...lab.config(), workers }));

    const list = await onLab(lab, config, ["workers"]);
    expect(list).toMatchObject({ code: 0, stderr: "" });
    expect(list.stdout).toMatch(/^worker .*\nw1 .*\ngone .*\nbare .* drained\nfrom .*farm\.json:1\n$/);
    const listed = JSON.parse((await onLab(lab, config, ["workers", "list", "--json"])).stdout);
    expect(listed).toMatchObject({
      version: 1,
      workers: [{ name: "w1" }, { name: "gone" }, { name: "bare", drained: true }],
    });

    const checked = await onLab(lab, config, ["workers", "check"]);
    expect(checked.code).toBe(1);
    expect(checked.stdout).toMatch(/^w1 .* fps .* ms .*MiB\/s .* fit$/m);
    expect(checked.stdout).toMatch(/^w1 encodes with: libx264, mpeg4$/m);
    expect(checked.stdout).toMatch(/^w1: libx265 does not encode: it has no such thing$/m);
    expect(checked.stderr).toMatch(/gone: nothing answers at 127\.0\.0\.1 port 1.*\nTry: /);
    expect(checked.stderr).toMatch(/bare: there is no \/no\/ffmpeg on the worker\nTry: .*ffmpeg/);

    const json = await onLab(lab, config, ["workers", "check", "--json", "w1"]);
    expect(json.code).toBe(0);
    const [found] = JSON.parse(json.stdout).workers;
    expect(found).toMatchObject({ name: "w1", reachable: true, fit: true, problem: null });
    expect(found.found).toMatchObject({ workPath: lab.workers[0]?.workPath, cores: expect.any(Number) });
    expect(found.found.encoders).toContainEqual({ name: "mpeg4", hardware: false, works: true });
    for (const key of ["up", "down", "roundTrip", "free"]) expect(found.found[key]).toBeGreaterThan(0);

    expect(await onLab(lab, config, ["workers", "check", "w3"])).toMatchObject({ code: 1, stdout: "" });
    expect(await onLab(lab, config, ["-df_workers=bare", "-i", "x", "y.mkv"])).toMatchObject({
      code: 3,
      stderr: expect.stringContaining("Try: distffmpeg workers undrain bare"),
    });
    await expectNothingLeft(lab);
  });
});

test("config path, show and check, and words that are not known", async () => {
  await withLab({ workers: 0 }, async (lab) => {
    const config = join(lab.home, "c.json");
    writeFileSync(config, '{ "keyint_min": 60 }');
    const path = await onLab(lab, config, ["config", "path"]);
    expect(path.stdout).toMatch(/^\S+c\.json +read\n\S+distffmpeg\.json +not there\n/);
    const show = await onLab(lab, config, ["-df_nothing=1", "config", "show"]);
    expect(show).toMatchObject({ code: 3, stderr: expect.stringContaining("-df_nothing") });
    const { settings } = JSON.parse(
      (await onLab(lab, config, ["-df_loglevel=error", "config", "show", "--json"])).stdout,
    );
    expect(settings).toMatchObject({
      keyint_min: { value: 60, from: `${config}:1` },
      loglevel: { value: "error", from: "-df_loglevel" },
      fallback: { value: "local", from: "default" },
    });
    expect(await onLab(lab, config, ["config", "check"])).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(config, '{\n  "keyint_mni": 60 }');
    expect(await onLab(lab, config, ["config", "check"])).toMatchObject({
      code: 3,
      stderr: `distffmpeg: ${config}:2: unknown setting keyint_mni\nTry: Did you mean keyint_min?\n`,
    });
    expect((await onLab(lab, config, ["config", "shwo"])).stderr).toContain("did you mean show?");
    expect((await onLab(lab, config, ["workers", "chek"])).stderr).toContain("did you mean check?");
    expect(readFileSync(config, "utf8")).toContain("mni");
  });
});
