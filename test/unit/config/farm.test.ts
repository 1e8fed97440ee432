import { describe, expect, test } from "vitest";
import { HERE, House } from "./rig.js";

function farm(workers: readonly unknown[], argv: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  return new House({ [HERE]: { workers } }).loaded(argv, env).config.workers;
}

describe("workers", () => {
  test("need no more than a host", () => {
    expect(farm([{ host: "a.local" }])).toEqual([
      {
        name: "a.local",
        host: "a.local",
        user: undefined,
        port: undefined,
        identity_file: undefined,
        connect_timeout: undefined,
        work_path: "/tmp/distffmpeg",
        ffmpeg_bin: "ffmpeg",
        platform: "Linux",
        slots: "auto",
        numa: "auto",
        nice: 0,
        shared_paths: [],
      },
    ]);
  });

  test("share folders by absolute paths", () => {
    const found = farm([{ host: "a", shared_paths: [{ host: "/mnt/media/", worker: "/data//media" }] }]);
    expect(found[0]?.shared_paths).toEqual([{ host: "/mnt/media", worker: "/data/media" }]);
    const house = new House({ [HERE]: { workers: [{ host: "a", shared_paths: [{ host: "media", worker: "/m" }] }] } });
    expect(house.problems()[0]).toMatchObject({ what: expect.stringContaining("an absolute folder of this machine") });
  });

  test("listed again have a slot more", () => {
    const a = { host: "a", user: "u", port: 2222, work_path: "/w" };
    const found = farm([a, { host: "b" }, a, { ...a, slots: 4 }, { host: "b", name: "b2" }]);
    expect(found.map(({ name, slots }) => [name, slots])).toEqual([
      ["a", 6],
      ["b", "auto"],
      ["b2", "auto"],
    ]);
  });

  test("that differ in anything stay apart, with names of their own", () => {
    const found = farm([
      { host: "a" },
      { host: "a", port: 23 },
      { host: "a", user: "u" },
      { host: "a", work_path: "/w" },
      { host: "a", numa: 0 },
      { host: "a", numa: 1 },
      { host: "a", numa: 1 },
      { host: "a", numa: 1, port: 23 },
    ]);
    expect(found.map(({ name, slots }) => [name, slots])).toEqual([
      ["a", "auto"],
      ["a-2", "auto"],
      ["a-3", "auto"],
      ["a-4", "auto"],
      ["a/numa0", "auto"],
      ["a/numa1", 2],
      ["a/numa1-2", "auto"],
    ]);
  });

  test("keep the names they are given", () => {
    const found = farm([{ host: "a" }, { host: "b", name: "a" }, { host: "c", name: "a" }]);
    expect(found.map(({ name, host }) => [name, host])).toEqual([
      ["a-2", "a"],
      ["a", "b"],
      ["a-3", "c"],
    ]);
  });

  test("take port and key from params, their own settings first", () => {
    const [a, b, c] = farm([
      { host: "a", params: { port: "2222", timeout: 20, key_filename: ["~/.ssh/k1", "/k2"] } },
      { host: "b", port: 1, identity_file: "/k", params: { port: 2, identity_file: "/other" } },
      { host: "c", params: { identity_file: "~/k" } },
    ]);
    expect(a).toMatchObject({ port: 2222, connect_timeout: 20 });
    expect(a?.identity_file).toMatch(/\/home\/\.ssh\/k1$/);
    expect(b).toMatchObject({ port: 1, identity_file: "/k" });
    expect(c?.identity_file).toMatch(/\/home\/k$/);
  });

  test("are of a platform by any of its names", () => {
    const platforms = ["linux", "Windows", "macOS", "darwin", "FreeBSD"].map((platform) => ({
      host: platform,
      platform,
    }));
    expect(farm(platforms).map(({ platform }) => platform)).toEqual(["Linux", "Windows", "Darwin", "Darwin", "BSD"]);
  });
});

describe("choosing workers", () => {
  const list = [{ host: "a" }, { host: "b", name: "bee" }, { host: "a", numa: 1 }];
  const names = (...argv: string[]): string[] => farm(list, argv).map(({ name }) => name);

  test("by name or host, or none", () => {
    expect(names("-df_workers=bee")).toEqual(["bee"]);
    expect(names("-df_workers=bee,a")).toEqual(["a", "bee", "a/numa1"]);
    expect(names("-df_workers=a/numa1")).toEqual(["a/numa1"]);
    expect(names("-df_workers=none")).toEqual([]);
    expect(farm(list, [], { DISTFFMPEG_WORKERS: "b" }).map(({ name }) => name)).toEqual(["bee"]);
    expect(farm(list, ["-df_workers=none"], { DISTFFMPEG_WORKERS: "b" })).toEqual([]);
  });

  test("shows in the origin", () => {
    const { origins } = new House({ [HERE]: { workers: list } }).loaded(["-df_workers=bee"]);
    expect(origins.workers).toMatch(/distffmpeg\.json:2, chosen by -df_workers$/);
  });

  test("that do not exist is a failure", () => {
    const house = new House({ [HERE]: { workers: list } });
    expect(house.problems(["-df_workers=beee,zzzzzz"])).toEqual([
      { what: '-df_workers: no worker "beee"', fix: "Did you mean bee?" },
      { what: '-df_workers: no worker "zzzzzz"', fix: "The workers are: a, bee, b, a/numa1." },
    ]);
    expect(house.problems(["-df_workers=,"])).toHaveLength(1);
    expect(new House().problems(["-df_workers=a"])[0]?.fix).toBe("distffmpeg workers add USER@HOST");
  });
});
