import { spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cliPath, must, ROOT, run } from "../equivalence/programs.js";
import { ALL } from "../thorough.js";

/** What `npm pack` makes, installed as a user does: into a prefix of its own, used in an empty folder. */

let folder = "";
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "package-")));
  // The build is there; `prepare` would make it anew.
  cliPath();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npm = (args: readonly string[], cwd = ROOT): Promise<string> =>
  must("npm", [...args, "--no-audit", "--no-fund", "--ignore-scripts"], { cwd });

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe("npm pack", () => {
  test("has the program, its manual and the documentation, and nothing else", async () => {
    const [packed] = JSON.parse(await npm(["pack", "--json", "--dry-run"])) as readonly Packed[];
    const paths = packed?.files.map(({ path }) => path) ?? [];
    const kind = (path: string): string => path.replace(/^(dist\/bundle|docs\/pictures|docs)\/.*(\.\w+)$/, "$1/*$2");
    expect([...new Set(paths.map(kind))].sort()).toEqual([
      ...[
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "config.sample.json",
        "dist/bundle/*.js",
        "dist/cli.js",
        "dist/distffmpeg.1",
      ],
      ...["docs/*.md", "docs/pictures/*.png", "docs/pictures/*.svg", "package.json"],
    ]);
  });

  const registry = ALL && spawnSync("npm", ["ping", "--fetch-retries=0", "--fetch-timeout=10000"]).status === 0;
  if (ALL && !registry) console.warn("the npm registry cannot be reached: the package is not installed");

  test.skipIf(!registry)("installs globally, and encodes in an empty folder", { timeout: 600_000 }, async () => {
    const [packed] = JSON.parse(await npm(["pack", "--json", "--pack-destination", folder])) as readonly Packed[];
    const prefix = join(folder, "prefix");
    await npm(["install", "--global", "--prefix", prefix, join(folder, packed?.filename ?? "")], folder);
    const empty = join(folder, "empty");
    mkdirSync(empty);
    const program = join(prefix, "bin", "distffmpeg");
    const options = { cwd: empty, env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_STATE_HOME: folder } };
    expect(lstatSync(program).isSymbolicLink()).toBe(true);
    expect(await must(program, ["--version"], options)).toMatch(/^distffmpeg \d+\.\d+\.\d+\n$/);
    expect(readdirSync(join(prefix, "share", "man", "man1"))).toEqual(["distffmpeg.1"]);
    const film = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=8", "-c:v", "libx264", "-g", "25"];
    await must("ffmpeg", ["-v", "error", ...film, "in.mkv"], options);
    const bounds = ["-df_keyint_min=25", "-df_keyint_max=75", "-df_segment_frames=50", "-df_summary=job.json"];
    const encode = ["-y", "-nostdin", "-i", "in.mkv", "-c:v", "ffv1"];
    expect(await run(program, [...bounds, ...encode, "out.mkv"], options)).toMatchObject({ code: 0, stdout: "" });
    await must("ffmpeg", ["-v", "error", ...encode, "plain.mkv"], options);
    const sum = (name: string): Promise<string> =>
      must("ffmpeg", ["-v", "error", "-i", name, "-f", "framemd5", "-"], options);
    expect(await sum("out.mkv")).toBe(await sum("plain.mkv"));
    expect(await must("node", ["-p", "require('./job.json').chunks"], options)).toBe("4\n");
    expect(readdirSync(empty).sort()).toEqual(["in.mkv", "job.json", "out.mkv", "plain.mkv"]);
  });
});
