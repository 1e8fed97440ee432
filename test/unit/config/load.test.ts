import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allowedAt } from "../../../src/config/schema.js";
import { CONFIG_KEYS } from "../../../src/config/types.js";
import { HERE, House, OLD, USER } from "./rig.js";

describe("loadConfig", () => {
  test("has a default for everything", () => {
    const house = new House();
    const { config, origins, files, notes } = house.loaded();
    expect(config).toEqual({
      ffmpeg_bin: "ffmpeg",
      ffprobe_bin: "ffprobe",
      server_work_path: join(house.home, ".local/state/distffmpeg/jobs"),
      segment_frames: "auto",
      keyint_min: 120,
      keyint_max: 600,
      job_max_retries: 3,
      worker_timeout: 120,
      loglevel: "info",
      fallback: "local",
      local_slots: "auto",
      local_nice: 0,
      route: "auto",
      split: "keyframe",
      resume: "auto",
      scratch_limit: "none",
      workers: [],
      summary: undefined,
      plan: false,
    });
    expect(Object.keys(origins).sort()).toEqual([...CONFIG_KEYS].sort());
    expect(new Set(Object.values(origins))).toEqual(new Set(["default"]));
    expect([files, notes]).toEqual([[], []]);
  });

  test.each([
    ["20G", 20 * 1024 ** 3],
    ["1.5m", 1.5 * 1024 ** 2],
    ["500MiB", 500 * 1024 ** 2],
    ["4096", 4096],
    ["none", "none"],
  ])("scratch_limit %s", (text, bytes) => {
    expect(new House().loaded([`-df_scratch_limit=${text}`]).config.scratch_limit).toBe(bytes);
  });

  test("follows the XDG folders, when they are absolute", () => {
    const house = new House({ "xdg/distffmpeg/config.json": { job_max_retries: 9 } });
    const xdg = join(house.folder, "xdg");
    const { config } = house.loaded([], { XDG_CONFIG_HOME: xdg, XDG_STATE_HOME: "/state" });
    expect(config).toMatchObject({ job_max_retries: 9, server_work_path: "/state/distffmpeg/jobs" });
    const relative = house.loaded([], { XDG_CONFIG_HOME: "xdg", XDG_STATE_HOME: "state" }).config;
    expect(relative.server_work_path).toBe(join(house.home, ".local/state/distffmpeg/jobs"));
  });

  test("flag > environment > ./distffmpeg.json > user config > default, key by key, and says where from", () => {
    const all = (n: number) => ({ job_max_retries: n, ffmpeg_bin: `f${n}`, ffprobe_bin: `p${n}`, fallback: "fail" });
    const house = new House({
      [USER]: all(1),
      [HERE]: { job_max_retries: 2, ffmpeg_bin: "f2", ffprobe_bin: "p2" },
    });
    const { config, origins, files } = house.loaded(["-df_job_max_retries=4"], {
      DISTFFMPEG_JOB_MAX_RETRIES: "3",
      DISTFFMPEG_FFMPEG_BIN: "f3",
      DISTFFMPEG_LOGLEVEL: "",
    });
    expect(config).toMatchObject({ job_max_retries: 4, ffmpeg_bin: "f3", ffprobe_bin: "p2", fallback: "fail" });
    const here = join(house.cwd, "distffmpeg.json");
    const user = join(house.home, ".config/distffmpeg/config.json");
    expect(origins).toMatchObject({
      job_max_retries: "-df_job_max_retries",
      ffmpeg_bin: "DISTFFMPEG_FFMPEG_BIN",
      ffprobe_bin: `${here}:4`,
      fallback: `${user}:5`,
      loglevel: "default",
    });
    expect(files).toEqual([here, user]);
  });

  test("a named config file takes the place of the usual ones", () => {
    const house = new House({ [USER]: { job_max_retries: 1 }, [HERE]: { job_max_retries: 2 } });
    house.write("cwd/a.json", { job_max_retries: 5 });
    house.write("home/b.json", { ffmpeg_bin: "b" });
    const env = { DISTFFMPEG_CONFIG: "~/b.json" };
    expect(house.loaded([], env).config).toMatchObject({ job_max_retries: 3, ffmpeg_bin: "b" });
    expect(house.loaded(["-df_config=a.json"], env).config).toMatchObject({ job_max_retries: 5, ffmpeg_bin: "ffmpeg" });
    expect(house.loaded(["-df_config=/dev/null"], env).config.job_max_retries).toBe(3);
    expect(house.problems(["-df_config=nowhere.json"])).toEqual([
      {
        what: expect.stringMatching(/nowhere\.json \(named by -df_config\)$/),
        detail: expect.stringContaining("ENOENT"),
      },
    ]);
  });

  test("turns the text of flags into values", () => {
    const house = new House();
    const { config } = house.loaded([
      ...["-df_local_slots=4", "-df_loglevel=DEBUG", "-df_fallback=fail", "-df_server_work_path=work"],
      ...["-df_ffmpeg_bin=123", "-df_summary=s.json", "-df_plan"],
    ]);
    expect(config).toMatchObject({
      local_slots: 4,
      loglevel: "debug",
      fallback: "fail",
      server_work_path: join(house.cwd, "work"),
      ffmpeg_bin: "123",
      summary: join(house.cwd, "s.json"),
      plan: true,
    });
    expect(house.loaded(["-df_local_slots=auto", "-df_server_work_path=~/w"]).config).toMatchObject({
      local_slots: "auto",
      server_work_path: join(house.home, "w"),
    });
  });

  test.each([
    ["INFO", "info"],
    ["Warn", "warning"],
    ["CRITICAL", "error"],
    ["SHELL", "debug"],
    ["QUIET", "quiet"],
    ["trace", "debug"],
  ])("knows the log level %s", (name, level) => {
    expect(new House({ [HERE]: { loglevel: name } }).loaded().config.loglevel).toBe(level);
  });
});

describe("what is wrong in a config", () => {
  test("is said all at once, with place, what is allowed and the nearest right name", () => {
    const house = new House({
      [HERE]: {
        keyintmin: 3,
        job_max_retries: -1,
        loglevel: "degub",
        workers: [
          { host: "a", slot: 2, port: 99999 },
          { user: "u" },
          "b",
          { host: "-oProxyCommand=x", params: { prot: 1 } },
        ],
      },
    });
    const file = join(house.cwd, "distffmpeg.json");
    const found = house.problems(["-df_keyint_max=many", "-df_paln"], { DISTFFMPEG_LOCAL_SLOTS: "-1" });
    expect(new Map(found.map(({ what, fix }) => [what, fix]))).toEqual(
      new Map([
        ["command line: unknown setting -df_paln", "Did you mean -df_plan?"],
        ['-df_keyint_max: keyint_max is "many", but must be a whole number of frames from 1 to 1000000', undefined],
        ['DISTFFMPEG_LOCAL_SLOTS: local_slots is "-1", but must be auto or a whole number from 0 to 4096', undefined],
        [`${file}:3: job_max_retries is -1, but must be a whole number from 0 to 1000`, undefined],
        [
          `${file}:4: loglevel is "degub", but must be quiet, error, warning, info, verbose or debug`,
          "Did you mean debug?",
        ],
        [`${file}:9: workers[0].port is 99999, but must be a port number from 1 to 65535`, undefined],
        [`${file}:8: unknown setting workers[0].slot`, "Did you mean slots?"],
        [`${file}:11: workers[1].host is missing, but must be ${allowedAt(["workers", 1, "host"])}`, undefined],
        [`${file}:14: workers[2] is "b", but must be an object with at least a host`, undefined],
        [
          `${file}:16: workers[3].host is "-oProxyCommand=x", but must be ${allowedAt(["workers", 3, "host"])}`,
          undefined,
        ],
        [`${file}:18: unknown setting workers[3].params.prot`, "Did you mean port?"],
        [`${file}:2: unknown setting keyintmin`, "Did you mean keyint_min?"],
      ]),
    );
  });

  test("lists the settings where no name is near", () => {
    const [problem] = new House({ [HERE]: { colour: "red" } }).problems();
    expect(problem?.fix).toBe(`The settings here are: ${CONFIG_KEYS.join(", ")}.`);
  });

  test.each([
    [[1], "the file is a list, but must be an object of settings"],
    [{ workers: {} }, "workers is an object, but must be a list of workers"],
    [{ ffmpeg_bin: "" }, 'ffmpeg_bin is "", but must be the name or path of ffmpeg on this machine'],
    [{ keyint_min: "120" }, 'keyint_min is "120", but must be a whole number'],
    [{ keyint_min: 1.5 }, "keyint_min is 1.5, but must be a whole number"],
    [{ fallback: null }, "fallback is null, but must be local or fail"],
    [{ workers: [{ host: "a", name: "none" }] }, 'workers[0].name is "none", but must be a name'],
    [{ workers: [{ host: "a", params: 1 }] }, "workers[0].params is 1, but must be an object of connection settings"],
    [{ "//": 1 }, "unknown setting //"],
    [{ __proto__x: 1 }, "unknown setting __proto__x"],
  ])("%j", (content, what) => {
    expect(new House({ [HERE]: content }).problems().map((p) => p.what)).toEqual([expect.stringContaining(what)]);
  });

  test("as JSON is said with file, line and column", () => {
    const house = new House({ [HERE]: '{\n  "keyint_min": 5,\n}' });
    expect(house.problems()).toEqual([
      { what: `${join(house.cwd, "distffmpeg.json")}, line 2, column 18: no comma may stand before "}"` },
    ]);
  });

  test("a folder in the file's place is not taken for a missing file", () => {
    expect(new House({ [`${HERE}/x`]: "" }).problems()[0]?.what).toContain("cannot read the config file");
  });

  test("a variable that is nearly a setting is only noted", () => {
    const { notes } = new House().loaded([], { DISTFFMPEG_KEYINTMIN: "3", DISTFFMPEG_MY_OWN_SCRIPT: "1" });
    expect(notes).toEqual([
      { what: "environment: DISTFFMPEG_KEYINTMIN is not a setting", fix: "Did you mean DISTFFMPEG_KEYINT_MIN?" },
    ]);
  });
});

describe("comments", () => {
  test("are keys that begin with //, with text or lines of text", () => {
    const { config } = new House({
      [HERE]: { "//": "x", "// a": ["x", "y"], workers: [{ "//": "x", host: "a", params: { "//p": "x" } }] },
    }).loaded();
    expect(config.workers).toHaveLength(1);
  });

  test("config.sample.json is right, and names every setting", () => {
    const sample = readFileSync(join(import.meta.dirname, "../../../config.sample.json"), "utf8");
    const { config, notes } = new House({ [USER]: sample }).loaded();
    expect(notes).toEqual([]);
    expect(config.workers.map(({ name, slots, port, numa }) => [name, slots, port, numa])).toEqual([
      ["tower", "auto", undefined, "auto"],
      ["192.168.1.100", 2, 2222, "auto"],
      ["bigserver.local/numa0", 2, 22, 0],
    ]);
    const named = JSON.parse(sample) as { workers: object[] };
    expect(Object.keys(named)).toEqual(expect.arrayContaining([...CONFIG_KEYS]));
    const workerKeys = new Set(named.workers.flatMap(Object.keys));
    for (const key of ["connect_timeout", "identity_file", "params", ...Object.keys(config.workers[0] ?? {})]) {
      expect(workerKeys).toContain(key);
    }
  });
});

describe("the config of DistrFFmpeg", () => {
  const worker = (host: string, params: object, rest: object = {}) => ({
    ...{ host, user: "nerd", work_path: "/tmp/distrffmpeg", ffmpeg_bin: "ffmpeg", platform: "Linux", params },
    ...rest,
  });
  const big = worker("big.local", { timeout: 20 });
  const old = {
    ffmpeg_bin: "ffmpeg",
    ffprobe_bin: "ffprobe",
    server_work_path: "/tmp/distrffmpeg_server",
    loglevel: "INFO",
    segment_frames: 600,
    keyint_min: 300,
    keyint_max: 900,
    job_max_retries: 3,
    workers: [
      worker("192.168.1.100", { port: 2222 }),
      worker("192.168.1.200", {}, { platform: "Windows", work_path: "/Users/Me/AppData/Local/Temp/distrffmpeg" }),
      ...[big, big, big],
    ],
  };

  test.each([OLD, USER, HERE])("works as it is, at %s", (place) => {
    const { config, notes } = new House({ [place]: old }).loaded();
    expect(notes).toEqual([]);
    const { workers, ...rest } = old;
    expect(workers).toHaveLength(5);
    expect(config).toMatchObject({ ...rest, loglevel: "info" });
    expect(config.workers).toMatchObject([
      { name: "192.168.1.100", user: "nerd", port: 2222, slots: "auto", work_path: "/tmp/distrffmpeg" },
      {
        name: "192.168.1.200",
        platform: "Windows",
        slots: "auto",
        work_path: "/Users/Me/AppData/Local/Temp/distrffmpeg",
      },
      { name: "big.local", slots: 3, connect_timeout: 20 },
    ]);
  });

  test("is read where that tool keeps it, unless there is one of our own", () => {
    const house = new House({ [OLD]: old });
    const path = join(house.home, ".config/distrffmpeg/config.json");
    expect(house.loaded().origins.keyint_min).toBe(`${path}:7 (DistrFFmpeg's config)`);
    expect(house.loaded([], { XDG_CONFIG_HOME: "/elsewhere" }).files).toEqual([path]);
    house.write(HERE, {});
    expect(house.loaded().config.keyint_min).toBe(120);
    house.write(HERE, "{");
    expect(house.problems()).toHaveLength(1);
  });

  test("may hold keys that nobody knows, as there; they are noted", () => {
    const house = new House({ [OLD]: { ...old, note: "mine", workers: [{ ...big, free: true }] } });
    const { config, notes } = house.loaded();
    expect(config.workers).toHaveLength(1);
    expect(notes.map(({ what }) => what)).toEqual([
      expect.stringContaining("unknown setting workers[0].free"),
      expect.stringContaining("unknown setting note"),
    ]);
    house.write(OLD, { ...old, note: "mine", keyint_min: 0 });
    expect(house.problems().map(({ what }) => what)).toContainEqual(expect.stringContaining("keyint_min is 0"));
  });

  test("may ask for things of SSH that are not done; passwords are never shown", () => {
    const params = { password: "hunter2", look_for_keys: false };
    const { notes } = new House({ [OLD]: { ...old, workers: [worker("a", params)] } }).loaded();
    expect(notes.map(({ what, fix }) => [what.split(": ")[1], fix?.split(" ")[0]])).toEqual([
      ["params.password of a worker is not used", "Log"],
      ["params.look_for_keys of a worker is not used", "Connection"],
    ]);
    expect(JSON.stringify(notes)).not.toContain("hunter2");
  });
});
