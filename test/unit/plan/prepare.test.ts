import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FramecrcParser } from "../../../src/ffmpeg/packets.js";
import { runLocal } from "../../../src/ffmpeg/run.js";
import { rational, type Rational } from "../../../src/lib/rational.js";
import { graphClock } from "../../../src/plan/graph.js";
import { preArgs } from "../../../src/plan/pre.js";
import { finalArgs } from "../../../src/plan/final.js";
import { prepare } from "../../../src/plan/prepare.js";
import { readsStandardInput } from "../../../src/plan/local-path.js";
import type { InputTrim } from "../../../src/plan/windows.js";
import { command, findings, mapping, type OneInput, planOf, stream } from "./rig.js";

const reason = (words: string, more: Partial<OneInput> = {}): string => {
  const plan = prepare(command(words), findings(more));
  return plan.ok ? "split" : plan.failure;
};

const encoderWords = (words: string, more: Partial<OneInput> = {}): string =>
  planOf(words, more)
    .encoderOptions.flatMap((use) => [use.flag, use.value ?? ""])
    .join(" ");

const graph = (frameRate: Rational | undefined, timeBase = rational(1, 12800)): Partial<OneInput> => ({
  graphInputs: [{ inputFile: 0, inputStream: 0, width: 160, height: 90, pixelFormat: "yuv420p", timeBase, frameRate }],
});

describe("-stream_loop", () => {
  const later: Partial<OneInput> = { generation: "by-duration" };

  test("a film that ends, where this ffmpeg can copy it", () => {
    expect(reason("-stream_loop 2 -i a.mp4 o.mkv", later)).toBe("split");
    expect(reason("-stream_loop 2 -i a.mp4 o.mkv")).toMatch(/^this ffmpeg cannot copy a film that is read again/);
    expect(reason("-stream_loop 0 -i a.mp4 o.mkv")).toBe("split");
    expect(reason("-stream_loop -1 -i a.mp4 o.mkv", later)).toBe("the film has no end");
    expect(reason("-stream_loop -1 -i a.mp4 -t 30 o.mkv", later)).toBe("split");
    expect(reason("-stream_loop -1 -t 30 -i a.mp4 o.mkv", later)).toBe("split");
    expect(reason("-stream_loop x -i a.mp4 o.mkv", later)).toBe("-stream_loop x is not understood");
  });

  test("the sound counts for how long the film is: PRE hears it, and FINAL reads the film", () => {
    const mappings = [mapping("0>0 h264>libx264"), mapping("1>1 aac>flac")];
    const plan = planOf("-stream_loop 2 -i a.mp4 o.mkv", { ...later, mappings });
    expect(preArgs(plan, "/x").join(" ")).toMatch(/ -map 0:1 -c copy -c:0 pcm_s16le -f null -$/);
    const reference = { ...{ path: "", media: findings().media, room: 0 }, film: stream(0, "video") };
    expect(finalArgs([{ plan, firstTick: 0, reference }], "o.mkv").join(" ")).toMatch(/ -map 0:0 -c copy -f null -$/);
  });
});

describe("frames that setpts moves", () => {
  const moved = (expression: string, pts: readonly number[]): readonly number[] => {
    const plan = planOf(`-i a.mp4 -vf setpts=${expression} o.mkv`);
    const clock = graphClock(plan.graph, plan.timeBase);
    return pts.flatMap((at) => clock.push({ pts: at, duration: 512 })).map((frame) => frame.pts);
  };

  test("go where the expression says, cut to whole ticks", () => {
    expect(moved("0.5*PTS", [-3, 0, 3, 512])).toEqual([-1, 0, 1, 256]);
    expect(moved("(PTS-STARTPTS)*1.5+2/TB", [100, 612])).toEqual([25600, 26368]);
  });

  test("but no filter behind that looks at several, and none by a frame's number", () => {
    expect(reason("-i a.mp4 -vf setpts=2*PTS,hflip o.mkv")).toBe("split");
    expect(reason("-i a.mp4 -vf setpts=2*PTS,fps=10 o.mkv")).toMatch(/stands behind one that changes the rate/);
    expect(reason("-i a.mp4 -vf tblend,setpts=2*PTS o.mkv")).toMatch(/stands behind one that looks at several/);
    expect(reason("-i a.mp4 -vf setpts=N/25/TB o.mkv")).toMatch(/^filter setpts/);
    expect(reason("-i a.mp4 -vf setpts=2*PTS o.mkv", { generation: "by-duration" })).toMatch(/setpts filter is not/);
  });
});

describe("-shortest", () => {
  test("changes nothing of a film alone, and is not foretold for others", () => {
    const alone = { mappings: [mapping("0>0 h264>libx264")] };
    expect(reason("-i a.mp4 -an -shortest o.mkv", alone)).toBe("split");
    expect(reason("-i a.mp4 -shortest -noshortest o.mkv")).toBe("split");
    expect(reason("-i a.mp4 -shortest o.mkv")).toMatch(/^-shortest: where the other streams end/);
  });
});

describe("where the film begins", () => {
  const { media } = findings();
  const trim = (words: string, more: Partial<typeof media> = {}): InputTrim =>
    planOf(words, { media: { ...media, startSeconds: 37.4, durationSeconds: 10.25, ...more } }).inputTrim;

  test("-ss is time 0 from then on, unless times are kept", () => {
    expect(trim("-ss 2 -i a.mp4 o.mkv")).toEqual({ start: 0, duration: undefined });
    expect(trim("-copyts -ss 2 -i a.mp4 o.mkv")).toEqual({ start: 39.4 * 12800, duration: undefined });
    expect(trim("-copyts -start_at_zero -ss 2 -i a.mp4 o.mkv")).toEqual({ start: 2 * 12800, duration: undefined });
    expect(trim("-copyts -nocopyts -ss 2 -i a.mp4 o.mkv")).toEqual({ start: 0, duration: undefined });
    expect(trim("-copyts -i a.mp4 o.mkv").start).toBeUndefined();
    expect(trim("-copyts -noaccurate_seek -ss 2 -i a.mp4 o.mkv").start).toBeUndefined();
  });

  test("-sseof counts from the end that the container tells; what lies before the film is nothing", () => {
    expect(trim("-sseof -4 -to 3 -i a.mp4 o.mkv")).toEqual({ start: 0, duration: 3 * 12800 });
    expect(trim("-copyts -sseof -4.25 -i a.mp4 o.mkv").start).toBe((37.4 + 6) * 12800);
    expect(trim("-sseof -11 -i a.mp4 o.mkv").start).toBeUndefined();
    expect(trim("-sseof -4 -i a.mp4 o.mkv", { durationSeconds: undefined }).start).toBeUndefined();
    expect(trim("-copyts -ss 1 -sseof -4 -i a.mp4 o.mkv").start).toBe(38.4 * 12800);
  });
});

describe("the film among the streams", () => {
  test("the one that is encoded, with the source it comes from", () => {
    const plan = planOf("-i a.mp4 -c:a copy o.mkv");
    expect(plan).toMatchObject({
      ...{ film: { inputStream: 0, outputStream: 0, encoder: "libx264" }, source: { index: 0 }, muxer: "matroska" },
      ...{ timeBase: rational(1, 12800), graphRate: rational(25), outputRate: rational(25) },
      ...{ encoderTimeBase: rational(1, 25), syncMode: "vfr", filters: undefined },
    });
  });

  test("cover art that is copied is no film", () => {
    const media = findings().media;
    const cover = stream(2, "video", { codec: "png", dispositions: ["attached_pic"] });
    const mappings = [mapping("2>0"), mapping("0>1 h264>libx264"), mapping("1>2")];
    const more = { media: { ...media, streams: [...media.streams, cover] }, mappings };
    expect(planOf("-i a.mp4 -map 0:2 -map 0:0 -map 0:1 o.mkv", more).film.outputStream).toBe(1);
    // Specifiers count the streams of the output.
    expect(encoderWords("-i a.mp4 -crf:v:1 18 -crf:v:0 40 o.mkv", more)).toContain("-crf:v 18");
    expect(encoderWords("-i a.mp4 -crf:v:1 18 -crf:v:0 40 o.mkv", more)).not.toContain("40");
    expect(encoderWords("-i a.mp4 -crf:1 18 o.mkv", more)).toContain("-crf:v 18");
  });

  test("may be in any input", () => {
    const { media } = findings();
    const sound = { ...media, format: "wav", streams: [stream(0, "audio")] };
    const film = { ...mapping("0>0 h264>libx264"), inputFile: 1 };
    const more = {
      ...{ inputs: [sound, media], mappings: [film, { ...mapping("0>1 pcm_s16le>aac"), inputFile: 0 }] },
      graphInputs: findings().graphInputs.map((input) => ({ ...input, inputFile: 1 })),
    };
    expect(planOf("-i a.wav -ss 1 -t 2 -i b.mp4 o.mkv", more)).toMatchObject({
      ...{ film: { inputFile: 1, inputStream: 0 }, inputTrim: { start: 0, duration: 25600 } },
      sourceFormat: "mov,mp4,m4a,3gp,3g2,mj2",
    });
    expect(reason("-i a.wav -re -i b.mp4 o.mkv", more)).toBe("-re before -i is not split");
  });

  test("pictures in files of their own are no film, as long as FINAL can encode them as the user says", () => {
    const { media } = findings();
    const picture = { ...media, format: "png_pipe", streams: [stream(0, "video", { codec: "png" })] };
    const cover = { ...mapping("0>2 png>mjpeg"), inputFile: 1 };
    const more = { inputs: [media, picture], stills: [1], mappings: [...findings().mappings, cover] };
    expect(reason("-i a.mp4 -i c.png -map 0 -map 1 -c:v:1 mjpeg o.mkv", more)).toBe("split");
    expect(reason("-i a.mp4 -i c.png -map 0 -map 1 -crf:v:0 20 -disposition:v:1 attached_pic o.mkv", more)).toBe(
      "split",
    );
    expect(reason("-i a.mp4 -i c.png -map 0 -map 1 -vf hflip o.mkv", more)).toMatch(/-vf concerns a picture/);
    expect(reason("-i a.mp4 -i c.png -map 0 -map 1 -r 50 o.mkv", more)).toMatch(/-r concerns a picture/);
    expect(reason("-i a.mp4 -i c.png -map 0 -map 1 o.mkv", { ...more, stills: [] })).toMatch(/several video/);
  });

  test("no film, no plan", () => {
    expect(reason("-i a.mp4 o.mkv", { mappings: [mapping("0>0"), mapping("1>1")] })).toBe("no video stream is encoded");
    expect(reason("-i a.mp4 o.mkv", { mappings: [] })).toBe("no video stream is encoded");
    expect(reason("-i a.mp4 o.mkv", { graphInputs: [] })).toBe("ffmpeg did not say how it decodes the film");
    expect(reason("-i a.mp4 o.xyz", { muxer: "no_such_muxer" })).toMatch(/no_such_muxer/);
  });

  test("what lies beside the stream and NUT cannot carry is a reason", () => {
    const media = findings().media;
    const film = (type: string): Partial<OneInput> => {
      const sideData = [{ type, rotation: undefined, matrix: undefined, text: "{}" }];
      return { media: { ...media, streams: [stream(0, "video", { sideData }), stream(1, "audio")] } };
    };
    expect(reason("-i a.mp4 o.mkv", film("Some metadata"))).toBe(
      "the source keeps data beside its stream (Some metadata)",
    );
    expect(reason("-i a.mp4 o.mkv", film("Display Matrix"))).toBe("split");
  });
});

describe("the encoder's options", () => {
  test("are those of the film alone, and in a worker's output the only stream's", () => {
    const words = encoderWords(
      "-i a.mp4 -c:v libx264 -crf:v:0 18 -b:a 128k -q:a 2 -ar 44100 -pix_fmt yuv420p -ac 2 o.mkv",
    );
    expect(words).toBe("-c:v libx264 -crf:v 18 -pix_fmt yuv420p -x264-params stitchable=1");
  });

  test("the encoder is the one that ffmpeg names", () => {
    expect(encoderWords("-i a.mp4 -c:v h264 o.mkv")).toMatch(/^-c:v libx264 /);
    const more = { mappings: [mapping("0>0 h264>ffv1"), mapping("1>1")] };
    expect(encoderWords("-i a.mp4 -vcodec ffv1 o.mkv", more)).toBe("-c:v ffv1");
  });

  test("what the plan carries out itself is not among them", () => {
    expect(
      encoderWords("-i a.mp4 -map 0 -ss 1 -t 2 -r 25 -vsync cfr -vf hflip -metadata title=x -c:a copy o.mkv"),
    ).toBe("-c:v libx264 -x264-params stitchable=1");
  });

  test("options of muxers and of the scaler take no specifier", async () => {
    const words = encoderWords("-i a.mp4 -movflags +faststart -sws_flags bicubic -brand mp42 -preset fast o.mp4", {
      muxer: "mp4",
    });
    expect(words).toBe(
      "-c:v libx264 -movflags +faststart -sws_flags bicubic -brand mp42 -preset fast -x264-params stitchable=1",
    );
    const end = await runLocal("ffmpeg", [
      ..."-v error -nostdin -f lavfi -i color=s=64x64:d=0.1".split(" "),
      ...words.split(" "),
      ..."-f nut pipe:1".split(" "),
    ]);
    expect([end.code, end.stderrTail]).toEqual([0, []]);
  });

  test("the last filter chain for the film counts", () => {
    expect(
      planOf("-i a.mp4 -vf hflip -filter:v:0 vflip -af anull o.mkv").filters?.graph.nodes.map((n) => n.use.name),
    ).toEqual(["vflip"]);
    expect(planOf("-i a.mp4 -filter:0 vflip o.mkv").filters?.graph.nodes.map((n) => n.use.name)).toEqual(["vflip"]);
    expect(planOf("-i a.mp4 -filter:1 vflip o.mkv").filters).toBeUndefined();
  });

  test("a specifier that is not followed is a reason, not a guess", () => {
    expect(reason("-i a.mp4 -crf:m:language:eng 18 o.mkv")).toBe(
      "the stream specifier of -crf:m:language:eng is not followed",
    );
  });
});

describe("times", () => {
  test("of the output", () => {
    expect(planOf("-i a.mp4 -ss 1.5 -t 2 o.mkv")).toMatchObject({
      startMicroseconds: 1_500_000n,
      limitMicroseconds: 2_000_000n,
      inputTrim: { start: undefined, duration: undefined },
    });
    expect(planOf("-i a.mp4 -ss 1 -to 00:00:03 o.mkv").limitMicroseconds).toBe(2_000_000n);
    expect(planOf("-i a.mp4 -to 3 o.mkv").limitMicroseconds).toBe(3_000_000n);
    expect(planOf("-i a.mp4 -t 1 -to 3 o.mkv").limitMicroseconds).toBe(1_000_000n);
    expect(planOf("-i a.mp4 -t 5 -t 1 o.mkv").limitMicroseconds).toBe(1_000_000n);
    expect(planOf("-i a.mp4 o.mkv")).toMatchObject({ startMicroseconds: 0n, limitMicroseconds: undefined });
  });

  test("of the input: time 0 is where -ss leads, and -t is in ticks of the source", () => {
    expect(planOf("-ss 10 -t 2 -i a.mp4 o.mkv")).toMatchObject({
      inputTrim: { start: 0, duration: 25600 },
      startMicroseconds: 0n,
      limitMicroseconds: undefined,
    });
    expect(planOf("-ss 10 -to 12 -i a.mp4 o.mkv").inputTrim.duration).toBe(25600);
    expect(planOf("-noaccurate_seek -ss 10 -i a.mp4 o.mkv").inputTrim.start).toBeUndefined();
    expect(planOf("-t 0.0333 -i a.mp4 o.mkv", graph(rational(25), rational(1, 90000))).inputTrim.duration).toBe(2997);
  });

  test("without sense", () => {
    for (const words of ["-ss 5 -to 4", "-ss 5 -to 5", "-t -1", "-ss -1", "-t soon", "-t 1:99"]) {
      expect(reason(`-i a.mp4 ${words} o.mkv`)).not.toBe("split");
      expect(reason(`${words} -i a.mp4 o.mkv`)).not.toBe("split");
    }
  });

  test("a number of frames, where the film is alone", () => {
    const alone = { mappings: [mapping("0>0 h264>libx264")] };
    expect(planOf("-i a.mp4 -an -frames:v 10 o.mkv", alone).maxFrames).toBe(10);
    expect(planOf("-i a.mp4 -an -vframes 0 o.mkv", alone).maxFrames).toBe(0);
    expect(reason("-i a.mp4 -an -frames:v many o.mkv", alone)).not.toBe("split");
    expect(planOf("-i a.mp4 -an -frames:a 10 o.mkv", alone).maxFrames).toBeUndefined();
  });

  test("the shift is a whole number of seconds and of ticks", () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 1_000_000 }), (num, den) => {
        const base = rational(num + 1, den);
        const { shiftSeconds, timeBase } = planOf("-i a.mp4 o.mkv", graph(rational(25), base));
        expect((shiftSeconds * timeBase.den) % timeBase.num).toBe(0n);
        expect(shiftSeconds).toBeGreaterThanOrEqual(1000n);
      }),
    );
  });
});

describe("rates", () => {
  const RATES = [
    "25",
    "29.97",
    "23.976",
    "29.97002997",
    "23.976023976",
    "30000/1001",
    "60000:2002",
    "ntsc",
    "film",
    "0.1",
    "59.94006",
  ];

  test("-r is read as the installed ffmpeg reads it", async () => {
    const end = await runLocal("ffmpeg", [
      ..."-v error -nostdin -f lavfi -i color=s=16x16:r=5:d=1".split(" "),
      ...RATES.flatMap((rate) => ["-map", "0", "-r", rate, "-c:v", "rawvideo", "-f", "framecrc", "-"]),
    ]);
    expect(end.stderrTail).toEqual([]);
    const bases = end.stdout.split("\n").filter((line) => line.startsWith("#tb "));
    const planned = RATES.map((rate) => planOf(`-i a.mp4 -r ${rate} o.mkv`).encoderTimeBase);
    const parser = new FramecrcParser();
    const said = bases.map((line) => {
      parser.line(line);
      return parser.headers.get(0)?.timeBase;
    });
    expect(planned).toEqual(said);
  });

  test("without sense", () => {
    for (const rate of ["0", "-1", "fast", "0/1", "1/0"]) expect(reason(`-i a.mp4 -r ${rate} o.mkv`)).not.toBe("split");
  });

  test("a source of unknown rate is taken for 25", () => {
    expect(planOf("-i a.mp4 o.mkv", graph(undefined))).toMatchObject({
      graphRate: undefined,
      outputRate: rational(25),
    });
  });

  test("encoders that know some rates only", () => {
    const rateOf = (rate: Rational, encoder = "mpeg2video"): Rational =>
      planOf("-i a.mp4 -q:v 2 o.mkv", { mappings: [mapping(`0>0 h264>${encoder}`)], ...graph(rate) }).outputRate;
    expect(rateOf(rational(25))).toEqual(rational(25));
    expect(rateOf(rational(2997, 100))).toEqual(rational(30000, 1001));
    expect(rateOf(rational(14))).toEqual(rational(15000, 1001));
    expect(rateOf(rational(12))).toEqual(rational(12));
    expect(rateOf(rational(240))).toEqual(rational(240));
    expect(rateOf(rational(240), "mpeg1video")).toEqual(rational(60));
  });
});

describe("the frame-rate mode", () => {
  test.each([
    ["-fps_mode passthrough", "passthrough"],
    ["-fps_mode 0", "passthrough"],
    ["-fps_mode cfr", "cfr"],
    ["-fps_mode:v:0 1", "cfr"],
    ["-fps_mode:v vfr", "vfr"],
    ["-fps_mode cfr -fps_mode 2", "vfr"],
    ["-fps_mode auto", "vfr"],
    ["-fps_mode -1", "vfr"],
    ["", "vfr"],
  ])("%j is %s", (words, mode) => expect(planOf(`-i a.mp4 ${words} o.mkv`).syncMode).toBe(mode));

  test("a film whose start the demuxer does not know, where its frames' lengths depend on it", () => {
    const media = {
      ...findings().media,
      streams: [stream(0, "video", { startSeconds: undefined }), stream(1, "audio")],
    };
    const plan = (words: string, generation: "by-rate" | "by-duration"): boolean =>
      prepare(command(words), findings({ media, generation })).ok;
    expect(plan("-i a.mkv o.mkv", "by-rate")).toBe(false);
    expect(plan("-i a.mkv -fps_mode passthrough o.mkv", "by-rate")).toBe(true);
    expect(plan("-i a.mkv o.mkv", "by-duration")).toBe(true);
  });

  test("a container of constant rate: a film alone in its file keeps its offset", () => {
    const alone = {
      media: { ...findings().media, streams: [stream(0, "video")] },
      mappings: [mapping("0>0 h264>libx264")],
    };
    expect(planOf("-i a.mp4 o.mp4", { defaultSync: "cfr" }).syncMode).toBe("cfr");
    expect(planOf("-i a.mp4 o.mp4", { defaultSync: "cfr", ...alone }).syncMode).toBe("vscfr");
    expect(planOf("-itsoffset 1 -i a.mp4 o.mp4", { defaultSync: "cfr", ...alone }).syncMode).toBe("cfr");
  });
});

test("standard input", () => {
  expect(readsStandardInput(command("-i - o.mkv"))).toBe(true);
  expect(readsStandardInput(command("-i pipe:0 o.mkv"))).toBe(true);
  expect(readsStandardInput(command("-i a.mp4 o.mkv"))).toBe(false);
});
