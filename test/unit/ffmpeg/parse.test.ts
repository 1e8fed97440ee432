import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import { describe, expect, test } from "vitest";
import {
  type Command,
  fileOptions,
  globalOptions,
  lastOption,
  type OptionUse,
  readsValueFromFile,
  toArgv,
} from "../../../src/ffmpeg/command.js";
import { makeOption } from "../../../src/ffmpeg/options.js";
import { parseCommand } from "../../../src/ffmpeg/parse.js";

const version = spawnSync("ffmpeg", ["-version"], { encoding: "utf8" });
const major = Number(/version n?(\d+)/.exec(version.stdout ?? "")?.[1] ?? 5);

function parse(argv: readonly string[], release = 5): Command {
  const result = parseCommand(argv, release);
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}

/** Words of a command line with "double" and 'single' quotes, enough for the lines below. */
function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? "",
  );
}

const brief = (uses: readonly OptionUse[]): string[] =>
  uses.map(
    ({ name, spec, value, negated }) =>
      `${negated ? "!" : ""}${name}${spec === undefined ? "" : `:${spec}`}${value === undefined ? "" : `=${value}`}`,
  );

const REAL = [
  `-analyzeduration 200M -i "file:/m/A (2018).mkv" -map_metadata -1 -threads 0 -map 0:0 -map 0:1 -map -0:s -codec:v:0 libx264 -preset veryfast -crf 23 -maxrate 4528996 -bufsize 9057992 -force_key_frames:0 "expr:gte(t,0+n_forced*3)" -codec:a:0 aac -ac 2 -copyts -avoid_negative_ts disabled -f hls -hls_time 3 -hls_segment_type mpegts -start_number 0 -hls_segment_filename /t/x%d.ts -hls_playlist_type vod -hls_list_size 0 -y /t/x.m3u8`,
  `-init_hw_device cuda=cu:0 -filter_hw_device cu -hwaccel cuda -hwaccel_output_format cuda -i in.mkv -map 0:0 -map 0:1 -c:v h264_nvenc -b:v 8M -vf "scale_cuda=w=1920:h=1080,tonemap_cuda=format=yuv420p:p=bt709:t=bt709:m=bt709" -c:a aac -f hls -hls_time 3 /t/x.m3u8`,
  `-hide_banner -f lavfi -i nullsrc=s=1x1:d=500 -f null -`,
  `-skip_frame nokey -i in.mkv -an -sn -vf "fps=0.1,scale=320:-2" -c:v mjpeg -qscale:v 3 -fps_mode passthrough -f image2 /tmp/j/%08d.jpg`,
  `-i in.mp4 -filter_complex "[0:v]split=2[a][b];[a]scale=-2:1080[v1];[b]scale=-2:720[v2]" -map "[v1]" -map "[v2]" -map 0:a -map 0:a -c:v libx264 -b:v:0 5M -b:v:1 2M -g 50 -keyint_min 50 -sc_threshold 0 -c:a aac -f hls -hls_time 4 -hls_playlist_type vod -master_pl_name master.m3u8 -var_stream_map "v:0,a:0 v:1,a:1" -hls_segment_filename h/%v/s_%03d.ts h/%v/i.m3u8`,
  `-i in.mkv -map 0 -c:v libx265 -preset slow -crf 20 -c:a copy -c:s copy out.mkv`,
  `-y -i in -c:v libx264 -b:v 4M -pass 1 -passlogfile pl -an -f null /dev/null`,
  `-i in.mkv -vf "subtitles=f='/d/s.ass':fontsdir='/d/fonts'" -c:v libx264 -c:a copy o.mp4`,
  `-f x11grab -framerate 30 -video_size 1920x1080 -i :0.0 -f pulse -i default -c:v libx264 -preset ultrafast o.mkv`,
  `-framerate 24 -start_number 1 -i f_%06d.png -c:v libx264 -pix_fmt yuv420p o.mp4`,
  `-f concat -safe 0 -i list.txt -c copy o.mp4`,
  `-i pipe:0 -c:v libx264 -f mpegts -progress pipe:2 pipe:1`,
  `-i a.mp4 -t 10 -map 0:v -s 320x180 -c:v ffv1 a.mkv -map 0:v -s 160x90 -c:v ffv1 o.mkv`,
  `-i a.mp4 -metadata "title=A $(title)" -metadata:s:v:0 language=deu -disposition:v:0 default -c:v ffv1 -c:a copy o.mkv`,
  `-itsoffset 0.5 -i a.mp4 -i a.mp4 -map 0:v -map 1:a -t 12 -c:v ffv1 -c:a copy o.mkv`,
  `-i a.mp4 -f lavfi -i sine=440:d=9 -map 0:v -map 1:a -shortest -c:v ffv1 -c:a flac o.mkv`,
  `-stream_loop -1 -i a.mp4 -ss -0.5 -nostdin -nostats -hide_banner o.mkv`,
].map(words);

describe("real command lines", () => {
  test.each(REAL.map((argv) => [argv.join(" "), argv] as const))("%s", (_line, argv) => {
    expect(toArgv(parse(argv))).toEqual(argv);
  });

  test("a media server's line is grouped and named", () => {
    const { inputs, outputs, trailing, order } = parse(REAL[0] ?? []);
    expect(order).toEqual(["input", "output"]);
    expect(inputs.map((file) => file.url)).toEqual(["file:/m/A (2018).mkv"]);
    expect(brief(inputs[0]?.options ?? [])).toEqual(["analyzeduration=200M"]);
    expect(outputs.map((file) => file.url)).toEqual(["/t/x.m3u8"]);
    const options = outputs[0]?.options ?? [];
    expect(brief(options.slice(0, 7))).toEqual([
      "map_metadata=-1",
      "threads=0",
      "map=0:0",
      "map=0:1",
      "map=-0:s",
      "c:v:0=libx264",
      "preset=veryfast",
    ]);
    expect(brief(options.filter((use) => use.scope === "global"))).toEqual(["copyts", "y"]);
    expect(trailing).toEqual([]);
  });

  test("a ladder has two groups of options", () => {
    const { outputs } = parse(words("-i a.mp4 -t 10 -s 320x180 -c:v ffv1 a.mkv -s 160x90 -c:v ffv1 o.mkv"));
    expect(outputs.map((file) => [file.url, ...brief(file.options)])).toEqual([
      ["a.mkv", "t=10", "s=320x180", "c:v=ffv1"],
      ["o.mkv", "s=160x90", "c:v=ffv1"],
    ]);
  });
});

describe("quirks of split_commandline()", () => {
  test("inputs may follow outputs", () => {
    const command = parse(words("-i a o1 -i b -an o2"));
    expect(command.order).toEqual(["input", "output", "input", "output"]);
    expect(toArgv(command)).toEqual(words("-i a o1 -i b -an o2"));
  });

  test("a lone dash and an empty word are outputs", () => {
    expect(parse(["-i", "-", "-f", "null", "-", ""]).outputs.map((file) => file.url)).toEqual(["-", ""]);
  });

  test("after -- one word is an output, whatever it looks like", () => {
    const argv = ["-i", "a", "-y", "--", "-i", "-an", "--", "--", "-o", "--"];
    const command = parse(argv);
    expect(command.outputs.map((file) => [file.url, ...brief(file.options)])).toEqual([
      ["-i", "y"],
      ["-o", "an"],
    ]);
    expect(toArgv(command)).toEqual(argv);
  });

  test("-- may be a value", () => {
    expect(brief(parse(["-c", "--", "o"]).outputs[0]?.options ?? [])).toEqual(["c=--"]);
  });

  test("values may look like options", () => {
    expect(brief(parse(["-ss", "-5", "-map", "-0:s", "-c", "-i", "o"]).outputs[0]?.options ?? [])).toEqual([
      "ss=-5",
      "map=-0:s",
      "c=-i",
    ]);
  });

  test("information options take a word if there is one", () => {
    expect(brief(parse(["-version"]).trailing)).toEqual(["version"]);
    expect(brief(parse(["-h", "filter=tonemap"]).trailing)).toEqual(["h=filter=tonemap"]);
    const { inputs, trailing } = parse(["-version", "-i", "-y"]);
    expect([inputs.length, ...brief(trailing)]).toEqual([0, "version=-i", "y"]);
  });

  test("a specifier after a flag is no error", () => {
    expect(brief(parse(["-y:x", "-nostdin:v", "o"]).outputs[0]?.options ?? [])).toEqual(["y:x", "!stdin:v"]);
  });

  test("-i with a specifier opens no input", () => {
    expect(brief(parse(["-i:v", "a", "o"]).outputs[0]?.options ?? [])).toEqual(["i:v=a"]);
  });

  test("-autorotate takes a value until 6, none from 7 on; -noautorotate never", () => {
    expect(parse(["-autorotate", "0", "-i", "a", "o"], 6).outputs).toHaveLength(1);
    expect(parse(["-autorotate", "0", "-i", "a", "o"], 7).outputs.map((file) => file.url)).toEqual(["0", "o"]);
    expect(brief(parse(["-noautorotate", "-i", "a"]).inputs[0]?.options ?? [])).toEqual(["!autorotate"]);
  });

  test("-/opt takes a value from a file", () => {
    const [use] = parse(["-/filter:v", "graph.txt", "o"]).outputs[0]?.options ?? [];
    expect(use).toMatchObject({ name: "filter", spec: "v", value: "graph.txt" });
    expect(use !== undefined && readsValueFromFile(use)).toBe(true);
  });

  test("options after the last file are trailing", () => {
    const command = parse(["-i", "a", "o", "-y", "-crf", "3"]);
    expect(brief(command.trailing)).toEqual(["y", "crf=3"]);
    expect(brief(globalOptions(command))).toEqual(["y"]);
  });

  test.each([
    [["-i"], "missing-argument", "Missing argument for option 'i'."],
    [["-i", "a", "-c:v"], "missing-argument", "Missing argument for option 'c:v'."],
    [["-vf"], "missing-argument", "Missing argument for option 'vf'."],
    [["-crf"], "unrecognized-option", "Unrecognized option 'crf'."],
    [["--version"], "unrecognized-option", "Unrecognized option '-version'."],
  ])("%j fails as in ffmpeg", (argv, kind, message) => {
    expect(parseCommand(argv)).toEqual({ ok: false, failure: expect.objectContaining({ kind, message }) });
  });
});

describe("command", () => {
  const command = parse(words("-v error -re -i a -nostats -c:v x -c:v:0 y -c z -hide_banner o -y"));

  test("globalOptions finds them all in order", () => {
    expect(brief(globalOptions(command))).toEqual(["loglevel=error", "!stats", "hide_banner", "y"]);
  });

  test("fileOptions leaves them out", () => {
    expect(command.inputs.map((file) => brief(fileOptions(file)))).toEqual([["re"]]);
    expect(command.outputs.map((file) => brief(fileOptions(file)))).toEqual([["c:v=x", "c:v:0=y", "c=z"]]);
  });

  test("lastOption", () => {
    const options = command.outputs[0]?.options ?? [];
    expect(lastOption(options, "c")?.value).toBe("z");
    expect(lastOption(options, "c", "v")?.value).toBe("x");
    expect(lastOption(options, "c", null)?.value).toBe("z");
    expect(lastOption(options, "crf")).toBeUndefined();
  });

  test("a command that was built needs no order", () => {
    const built: Command = {
      inputs: [{ options: [makeOption("-re")], url: "a" }],
      outputs: [{ options: [makeOption("-c", "copy")], url: "-o" }],
      trailing: [],
      order: [],
    };
    expect(toArgv(built)).toEqual(["-re", "-i", "a", "-c", "copy", "--", "-o"]);
    expect(toArgv({ ...command, outputs: [] })).toEqual(words("-v error -re -i a -y"));
  });
});

describe.skipIf(version.status !== 0)("against the installed ffmpeg", () => {
  /** What ffmpeg's debug log says of each word; the unknown option at the end stops it before it opens a file. */
  function splitByFfmpeg(argv: readonly string[]): string[] {
    const all = ["-loglevel", "debug", ...argv, "-no_such_option_at_all"];
    const log = spawnSync("ffmpeg", all, { encoding: "utf8", cwd: tmpdir() }).stderr;
    const line =
      /'([^']*)' \.\.\. matched as (?:(output) url|(input) url with argument '(.*)'|option '.*?' \(.*\) with argument '?(.*?)'?|AVOption '.*?' with argument '(.*)')\.$/gm;
    const events = [...log.matchAll(line)].map(([, word = "", output, input, url = "", value, avValue]) => {
      if (output !== undefined) return `output ${word}`;
      return input !== undefined ? `input ${url}` : `${word} ${value ?? avValue ?? ""}`;
    });
    return events.slice(1);
  }

  function splitByUs(argv: readonly string[]): string[] {
    const { inputs, outputs, trailing, order } = parse(argv, major);
    const uses = (options: readonly OptionUse[]): string[] =>
      options.map((use) => `${use.flag} ${use.value ?? (use.negated ? "0" : "1")}`);
    const left = { input: [...inputs], output: [...outputs] };
    const files = order.flatMap((item) => {
      const file = item === "--" ? undefined : left[item].shift();
      return file === undefined ? [] : [...uses(file.options), `${item} ${file.url}`];
    });
    return [...files, ...uses(trailing)];
  }

  const odd = [
    words("-i a o1 -i b -an o2 -y"),
    words("-y -- -i -an -- -- -o -c -- - -ss -5 x"),
    words("-noautorotate -i a -noshortest:v -y:x -nostats o"),
    words("-h -i -y -version -version o"),
  ];

  test.each([...REAL, ...odd].map((argv) => [argv.join(" "), argv] as const))("%s", (_line, argv) => {
    expect(splitByUs(argv)).toEqual(splitByFfmpeg(argv));
  });
});
