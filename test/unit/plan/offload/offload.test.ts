import { describe, expect, test } from "vitest";
import { parseCommand } from "../../../../src/ffmpeg/parse.js";
import { expectedSeconds, workOf } from "../../../../src/plan/offload/estimate.js";
import { type Files, type OffloadPlan, planOffload, type Share } from "../../../../src/plan/offload/index.js";

/** Files by their paths; folders end with `/`. */
function files(given: Readonly<Record<string, string>>): Files {
  return {
    kind: (path) =>
      path in given ? "file" : `${path}/` in given ? "folder" : path.startsWith("/dev/") ? "other" : "none",
    text: (path) => given[path],
    names: (folder) =>
      Object.keys(given).flatMap((path) => {
        const prefix = folder === "." ? "" : `${folder}/`;
        const name = path.startsWith(prefix) ? path.slice(prefix.length) : "/";
        return name.includes("/") ? [] : [name];
      }),
  };
}

const FILM = { "in/film.mkv": "", "lut.cube": "", "list.txt": "file 'in/film.mkv'\nduration 3\nfile in/film.mkv\n" };

function plan(line: string, given: Readonly<Record<string, string>> = FILM, share?: Share): OffloadPlan | string {
  const command = parseCommand(line.split(" "));
  if (!command.ok) throw new Error(line);
  const planned = planOffload(command.value, { files: files(given), ...(share ? { share } : {}) });
  return planned.ok ? planned.value : planned.failure;
}

function planned(line: string, given?: Readonly<Record<string, string>>, share?: Share): OffloadPlan {
  const made = plan(line, given, share);
  if (typeof made === "string") throw new Error(made);
  return made;
}

describe("names on the worker", () => {
  test("inputs and outputs keep their own names, each in a folder of its own", () => {
    const made = planned("-ss 3 -i file:in/film.mkv -c:v ffv1 out/o.mkv");
    expect(made.argv).toEqual("-ss 3 -i file:dfio.0/film.mkv -c:v ffv1 dfio.1/o.mkv".split(" "));
    expect(made.freight).toEqual([{ name: "dfio.0/film.mkv", path: expect.stringMatching(/\/in\/film\.mkv$/) }]);
    expect(made.outputs).toEqual([{ kind: "file", name: "dfio.1/o.mkv" }]);
    expect(new Map(made.renamings)).toEqual(
      new Map([
        ["dfio.0/", "in/"],
        ["dfio.1/", "out/"],
      ]),
    );
  });

  test("a file that is read twice goes up once; side files of filters go too", () => {
    const made = planned("-i in/film.mkv -i in/film.mkv -vf lut3d=lut.cube,subtitles=in/film.mkv:fontsdir=. o.mkv");
    expect(made.argv).toContain("lut3d=dfio.2/lut.cube,subtitles=dfio.0/film.mkv:fontsdir=dfio.3");
    expect(made.freight.filter(({ name }) => name.endsWith("film.mkv"))).toHaveLength(1);
  });

  test("a list names its members anew, in folders below its own", () => {
    const made = planned("-f concat -i list.txt -c copy o.mkv");
    expect(made.freight.at(-1)).toEqual({
      name: "dfio.0/list.txt",
      text: "file 'dfio.1/film.mkv'\nduration 3\nfile 'dfio.1/film.mkv'\n",
    });
    expect(made.freight[0]?.name).toBe("dfio.0/dfio.1/film.mkv");
  });

  test("a sequence takes the pictures of its pattern along, and no others", () => {
    const pictures = { "p/a001.png": "", "p/a002.png": "", "p/b.png": "" };
    expect(planned("-i p/a%03d.png o.mkv", pictures).freight.map(({ name }) => name)).toEqual([
      "dfio.0/a001.png",
      "dfio.0/a002.png",
    ]);
    const glob = planned("-pattern_type glob -i p/*.png o.mkv", pictures);
    expect(glob.freight).toHaveLength(3);
  });

  test("what both ends see is read and written where it is", () => {
    const share: Share = (path) => path.replace(/^.*\/in\//, "/data/");
    const made = planned("-i in/film.mkv -vf reverse in/o.mkv", FILM, share);
    expect(made.argv).toEqual("-i /data/film.mkv -vf reverse /data/o.mkv".split(" "));
    expect(made).toMatchObject({ freight: [], folders: [], outputs: [{ kind: "shared" }] });
    expect(planned("-re -i in/film.mkv in/live.m3u8", FILM, share).outputs).toEqual([{ kind: "live" }]);
  });

  test("-progress into a file comes back through standard output", () => {
    expect(planned("-progress told.txt -i in/film.mkv o.mkv")).toMatchObject({ progress: true });
    expect(planned("-progress told.txt -i in/film.mkv o.mkv").argv).toContain("pipe:1");
    expect(plan("-progress told.txt -i in/film.mkv -f nut -")).toBe(
      "-progress told.txt with a film on standard output",
    );
  });
});

test.each([
  ["-i rtmp://a/b o.mkv", "rtmp://a/b is no local file"],
  ["-i gone.mkv o.mkv", "gone.mkv is no ordinary file"],
  ["-i in/film.mkv -vf movie=http\\\\://a/x.png[m];[in][m]overlay o.mkv", "filter movie reads what is no local file"],
  ["-i in/film.mkv -x264-params stats=x.log o.mkv", "-x264-params stats=x.log writes a file of its own"],
  ["-i in/film.mkv -key_file lut.cube o.mkv", "-key_file lut.cube names a file of this machine"],
  ["-i in/film.mkv -f tee a.mkv|b.mkv", "-f tee is more than one file"],
  ["-i in/film.mkv -vf psnr=stats_file=x o.mkv", "filter psnr writes a file of its own"],
  ["-i - -i pipe:0 o.mkv", "standard input is read twice"],
  ["-i in/film.mkv /dev/fb0", "/dev/fb0 is no ordinary file"],
  ["-i in/film.mkv -hls_flags append_list o.m3u8", "-hls_flags append_list names files in a way that is not followed"],
])("bound to this machine: %s", (line, reason) => {
  expect(plan(line)).toBe(reason);
});

describe("what a machine must have", () => {
  const stock = (...encoders: string[]): Parameters<OffloadPlan["needs"]["lacking"]>[0] => {
    const all = new Set(["reverse", "matroska", "lavfi"]);
    return { encoders: new Set(encoders), decoders: all, filters: all, muxers: all, demuxers: all, hwaccels: all };
  };

  test("the encoders and filters that are named, and the same to pick from", () => {
    const { needs } = planned("-i in/film.mkv -vf reverse -c:v ffv1 -sn o.mkv");
    expect(needs.lacking(stock("aac"), undefined)).toBe("no encoder ffv1");
    expect(needs.lacking(stock("ffv1", "aac"), stock("ffv1", "aac"))).toBeUndefined();
    expect(needs.lacking(stock("ffv1", "aac"), stock("ffv1", "aac", "libvorbis"))).toBe(
      "another choice of encoders (libvorbis)",
    );
    expect(planned("-i in/film.mkv -vf nosuch o.mkv").needs.lacking(stock(), undefined)).toBe("no filter nosuch");
  });

  test("fonts and devices are told apart", () => {
    expect(planned("-i in/film.mkv -vf drawtext=text=a o.mkv").needs.fonts).toBe("drawtext");
    expect(planned("-hwaccel cuda -i in/film.mkv -c:v hevc_nvenc o.mkv").needs.devices).toEqual(["cuda", "hevc_nvenc"]);
  });
});

test("how long it takes: the trial's time for as many frames, and the way there and back", () => {
  const command = parseCommand(
    "-ss 10 -i in/film.mkv -t 20 -vf reverse -c:v libx264 -crf 20 -c:a copy o.mkv".split(" "),
  );
  if (!command.ok) throw new Error("parse");
  const stream = { type: "video", width: 640, height: 360, dispositions: [], averageFrameRate: { num: 25n, den: 1n } };
  const media = { format: "matroska", durationSeconds: 100, streams: [stream] } as unknown as Parameters<
    typeof workOf
  >[1][0];
  const work = workOf(command.value, [media]);
  expect(work).toMatchObject({ frames: 500, trial: { frames: 25 } });
  expect(work?.trial.argv.join(" ")).toContain("-vf reverse -c:v libx264 -crf 20 -an -f null -");
  if (!work) throw new Error("no work");
  expect(expectedSeconds(work, { trialSeconds: 2, bytesPerSecond: 1e6 }, 5e6)).toBe(2 * 20 + 10);
  const copied = parseCommand("-i in/film.mkv -c copy o.mkv".split(" "));
  expect(copied.ok && workOf(copied.value, [media])).toBeUndefined();
});
