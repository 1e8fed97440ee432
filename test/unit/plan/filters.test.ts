import { describe, expect, test } from "vitest";
import { parseFiltergraph } from "../../../src/ffmpeg/filtergraph.js";
import { rational } from "../../../src/lib/rational.js";
import { countingIdentifier, identifiers } from "../../../src/plan/filters/expressions.js";
import { DEFINITIONS } from "../../../src/plan/filters/filter-trait.js";
import { filterOption, filterTrait, optionsInput, type Condition } from "../../../src/plan/filters/index.js";
import { WHOLE_FILTERS } from "../../../src/plan/filters/whole.js";

function input(text: string) {
  const graph = parseFiltergraph(text);
  const use = graph.ok ? graph.value.chains[0]?.[0] : undefined;
  if (use === undefined) throw new Error(`cannot read ${text}`);
  return optionsInput(use.name, use.options);
}

function trait(text: string, ...granted: Condition[]) {
  return filterTrait(input(text), new Set(granted));
}

describe("frame", () => {
  test.each([
    "scale=1280:-2",
    "scale=hd720",
    "scale=w=iw/2:h=ih/2:flags=lanczos:sws_dither=ed",
    "crop=64:48:x='10*sin(t)'",
    "pad=iw*2:ih:(ow-iw)/2",
    "hflip",
    "null",
    "copy",
    "format=yuv420p|yuv422p",
    "setsar=1",
    "setdar=16/9",
    "setparams=field_mode=prog",
    "setpts=PTS",
    "setpts",
    "eq=brightness='0.1*sin(t)':eval=frame",
    "geq=r='r(X,Y)':g='g(X,Y)+T':b='b(X,Y)'",
    "fade=t=in:st=0:d=1",
    "fade=out:st=3:d=0.5:alpha=1",
    "fade=in:0:d=1",
    "noise=alls=20:allf=u",
    "vignette=dither=0",
    "normalize",
    "drawbox=enable='between(t,1,2)'",
    "gblur=3:enable='gte(t,2)'",
    "metadata=mode=add:key=n:value=n",
    "curves=preset=vintage",
    "premultiply=inplace=1",
    "rotate=PI/6:c=black",
    "spp=qp=10",
  ])("%s", (text) => {
    expect(trait(text)).toEqual({ kind: "frame", files: [] });
  });
});

describe("files to read", () => {
  test.each([
    ["lut3d=file=n.cube", ["file"], "file", "n.cube"],
    ["lut3d=random.cube:interp=prism", ["file"], "file", "random.cube"],
    ["lut1d=n.cube", ["file"], "file", "n.cube"],
    ["curves=psfile=n.acv", ["psfile"], "psfile", "n.acv"],
    ["removelogo=f=logo.pgm", ["filename"], "filename", "logo.pgm"],
    ["drawtext=fontfile=n.ttf:text=hello", ["fontfile"], "fontfile", "n.ttf"],
    ["drawtext=n.ttf:textfile=t.txt:expansion=none", ["fontfile", "textfile"], "textfile", "t.txt"],
  ])("%s", (text, files, option, path) => {
    expect(trait(text)).toEqual({ kind: "frame", files });
    expect(filterOption(input(text), option)).toBe(path);
  });
});

describe("window", () => {
  test.each([
    ["tmix", 2, 0, "same"],
    ["tmix=5", 4, 0, "same"],
    ["tmix=frames=7:weights=1 2 1", 6, 0, "same"],
    ["atadenoise=s=5", 2, 2, "same"],
    ["atadenoise", 4, 4, "same"],
    ["deflicker=s=7", 6, 6, "same"],
    ["tmedian=2", 0, 4, "same"],
    ["amplify=radius=3", 1, 6, "same"],
    ["tblend=all_mode=average", 1, 0, "same"],
    ["normalize=smoothing=10", 10, 0, "same"],
    ["yadif", 1, 1, "same"],
    ["yadif=1", 1, 1, "double"],
    ["yadif=send_field_nospatial", 1, 1, "double"],
    ["yadif=1:deint=interlaced", 1, 1, "mixed"],
    ["yadif=0:-1:1", 1, 1, "same"],
    ["bwdif", 1, 1, "double"],
    ["bwdif=send_frame", 1, 1, "same"],
    ["w3fdif", 1, 1, "double"],
    ["separatefields", 0, 1, "double"],
  ])("%s", (text, before, after, rate) => {
    expect(trait(text)).toMatchObject({ kind: "window", before, after, rate });
  });

  test("what is lost at the film's ends is told", () => {
    expect(trait("tblend=all_mode=average")).toMatchObject({ edge: { dropsFirst: 1, dropsLast: 0 } });
    expect(trait("tmedian")).toMatchObject({ edge: { dropsFirst: 0, dropsLast: 2 } });
  });
});

describe("grid", () => {
  test.each([
    ["fps", rational(25), undefined],
    ["fps=30000/1001", rational(30000, 1001), undefined],
    ["fps=ntsc_film", rational(24000, 1001), undefined],
    ["fps=12.5:start_time=0", rational(25, 2), 0],
    ["minterpolate=fps=50:mi_mode=blend", rational(50), undefined],
  ])("%s", (text, rate, startTime) => {
    expect(trait(text)).toMatchObject({ kind: "grid", rate, startTime });
  });
});

describe("whole", () => {
  test.each([
    ["nosuchfilter", "is an unknown filter"],
    ["hqdn3d", "carries what it saw"],
    ["overlay=10:10", "several inputs"],
    ["scale_cuda=640:480", "device"],
    ["fade=in:0:30", "counts frames"],
    ["fade=t=in:st=2", "counts frames"],
    ["fade=t=in:s=10:d=1", "counts frames"],
    ["fade=d=0", "counts frames"],
    ["setpts=N/25/TB", "time"],
    ["setpts=PTS+random(0)", "time"],
    ["setpts=PREV_OUTPTS+1", "time"],
    ["hflip=enable='mod(n,2)'", '"n"'],
    ["hflip=enable='gt(random(0),0.5)'", '"random()"'],
    ["crop=64:48:n:0", '"n"'],
    ["crop=64:48:'x+1':0", '"x"'],
    ["crop=x='if(gt(t,1),ld(0),st(0,1))'", '"ld()"'],
    ["rotate=n*0.1", '"n"'],
    ["rotate=t:c=none", "unpainted"],
    ["scale=w='iw+t':h=ih:eval=frame", '"t"'],
    ["geq=lum='lum(X,Y)+N'", '"N"'],
    ["hue=h=pts", '"pts"'],
    ["eq=gamma=r", '"r"'],
    ["perspective=x0=in", '"in"'],
    ["noise=alls=20:allf=t+u", "changes from frame to frame"],
    ["noise=c0s=20:c0f=t", "changes from frame to frame"],
    ["noise=alls=20:allf=2", "changes from frame to frame"],
    ["vignette", "random"],
    ["vectorscope=envelope=peak", "peaks"],
    ["shufflepixels", "random"],
    ["metadata=print", "prints"],
    ["metadata", "selects"],
    ["curves=plot=a.gp", "writes"],
    ["bwdif=deint=interlaced", "first interlaced"],
    ["colorspace=bt709:dither=fsb", "each run"],
    ["tmix=frames=n", "cannot be read"],
    ["tmix=enable='lt(t,2)'", "on and off"],
    ["yadif=2*1", "not known"],
    ["fps=source_fps", "plain number"],
    ["fps=25*2", "plain number"],
    ["minterpolate", "motion"],
    ["crop=1:2:3:4:0:0:7", "more arguments"],
    ["eq=nosuch=1", '"nosuch"'],
    ["drawtext=fontfile=a.ttf:/text=file", "from a file"],
  ])("%s: %s", (text, reason) => {
    expect(trait(text, "same-filter-threads", "same-fonts", "subtitles-apart", "steady-textfile")).toEqual({
      kind: "whole",
      reason: expect.stringContaining(reason),
      unless: [],
    });
  });
});

describe("drawtext", () => {
  test.each([
    "%{pts}",
    "%{pts:hms}",
    "%{pict_type}",
    "%{metadata:key:none}",
    "%{eif:t*10:d}",
    "100%",
    "n random",
  ])("%j is made of a frame and its time", (text) => {
    expect(filterTrait(optionsInput("drawtext", [named("fontfile", "a.ttf"), named("text", text)])).kind).toBe("frame");
  });

  test.each([
    "%{n}",
    "%{frame_num}",
    "%{localtime}",
    "%{gmtime:%H}",
    "%{pts:gmtime:0}",
    "%{eif:n:d}",
    "%{e:rand(0,9)}",
    "%{new}",
  ])("%j is not", (text) => {
    expect(filterTrait(optionsInput("drawtext", [named("fontfile", "a.ttf"), named("text", text)])).kind).toBe("whole");
    const plain = [named("fontfile", "a.ttf"), named("text", text), named("expansion", "none")];
    expect(filterTrait(optionsInput("drawtext", plain)).kind).toBe("frame");
  });

  test.each([
    "timecode='00\\:00\\:00\\:00':r=25",
    "x=n",
    "y='y+1'",
    "reload=1:textfile=a",
    "expansion=strftime",
    "alpha=random(1)",
  ])("%s is whole", (options) => {
    expect(trait(`drawtext=fontfile=a.ttf:text=a:${options}`, "steady-textfile").kind).toBe("whole");
  });
});

describe("conditions", () => {
  test.each<[string, Condition[]]>([
    ["subtitles=a.srt", ["subtitles-apart", "same-fonts"]],
    ["ass=a.ass", ["subtitles-apart", "same-fonts"]],
    ["drawtext=text=hello", ["same-fonts"]],
    ["drawtext=fontfile=a.ttf:textfile=b.txt", ["steady-textfile"]],
    ["zscale=t=linear", ["same-filter-threads"]],
    ["chromakey=green", ["same-filter-threads"]],
    ["colorcorrect=analyze=minmax", ["same-filter-threads"]],
  ])("%s", (text, conditions) => {
    expect(trait(text)).toMatchObject({ kind: "whole", unless: conditions });
    for (const left of conditions) {
      expect(trait(text, ...conditions.filter((condition) => condition !== left)).kind).toBe("whole");
    }
    expect(trait(text, ...conditions).kind).toBe("frame");
  });

  test("files are told once they are granted", () => {
    expect(trait("subtitles=a.srt", "subtitles-apart", "same-fonts")).toEqual({ kind: "frame", files: ["filename"] });
  });
});

describe("expressions", () => {
  test("numbers are no identifiers, whatever their suffix", () => {
    expect(identifiers("5n+0x1F+1e3+.5M").map(({ name }) => name)).toEqual([]);
  });

  test("functions and variables are told apart", () => {
    expect(identifiers("r (X)+r")).toEqual([
      { name: "r", call: true },
      { name: "X", call: false },
      { name: "r", call: false },
    ]);
  });

  test.each([
    ["sin(t)+min(iw,ih)", undefined],
    ["between(t,1,2)", undefined],
    ["mod(n,2)", "n"],
    ["ran\\dom(0)", "random()"],
    ["time(0)", "time()"],
    ["in_w+out_h", undefined],
  ])("%s", (expression, found) => {
    expect(countingIdentifier(expression)).toBe(found);
  });
});

test("no filter is in two tables", () => {
  expect([...DEFINITIONS.keys()].filter((name) => WHOLE_FILTERS.has(name))).toEqual([]);
});

function named(name: string, value: string) {
  return { name, value };
}
