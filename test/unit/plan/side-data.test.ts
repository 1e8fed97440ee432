import { describe, expect, test } from "vitest";
import type { SideData, StreamInfo } from "../../../src/ffmpeg/media.js";
import { notJoined } from "../../../src/plan/reference.js";
import { planSideData, type SideDataInput } from "../../../src/plan/side-data.js";
import { carriage } from "../../../src/plan/source-codecs.js";
import { planOf, stream } from "./rig.js";

const data = (type: string, more = {}): SideData => ({
  ...{ type, rotation: undefined, matrix: undefined },
  text: JSON.stringify({ side_data_type: type, ...more }),
});
const LIGHT = data("Mastering display metadata", { max_luminance: "1000/1" });
const DOLBY = data("DOVI configuration record");
const stereo = (type: string): SideData => data("Stereo 3D", { type, inverted: 0 });

function plan(sideData: readonly SideData[], more: Partial<SideDataInput> = {}): string {
  const source = stream(0, "video", { sideData, ...(more.source ?? {}) });
  const base = { encoder: "libx264", filters: [], generation: "by-rate", fromStart: true } as const;
  const made = planSideData({ ...base, ...more, source });
  return made.ok ? `${made.value.x264.join(":")}${made.value.watched ? " watched" : ""}` : made.failure;
}

describe("what a source keeps beside its stream", () => {
  test("goes into the output's head, and 5.1's encoders do not look at it", () => {
    expect(plan([])).toBe("");
    expect(plan([LIGHT, DOLBY])).toBe("");
    expect(plan([LIGHT], { encoder: "libx265" })).toBe("");
  });

  test("is looked at by encoders of later versions: their frames are held against plain ffmpeg's", () => {
    const later = { generation: "by-duration" } as const;
    expect(plan([LIGHT], later)).toBe("");
    expect(plan([LIGHT], { ...later, encoder: "libx265" })).toBe(" watched");
    expect(plan([LIGHT, DOLBY], { ...later, encoder: "libsvtav1" })).toMatch(/Dolby Vision/);
  });

  test("frames that are bright by their transfer alone are watched, too", () => {
    const source = stream(0, "video", { colorTransfer: "smpte2084" });
    expect(plan([], { generation: "by-duration", encoder: "libsvtav1", source })).toBe(" watched");
  });

  test.each([[["tonemap"]], [["scale", "tonemap"]], [["showinfo"]]])("filter %s looks at it", (filters) => {
    expect(plan([LIGHT], { filters })).toMatch(/^filter \w+ looks at what the source keeps beside its stream/);
    expect(plan([], { filters })).toBe("");
  });

  test("x264 is told how the pictures are packed", () => {
    expect(plan([stereo("side by side")])).toBe("frame-packing=3");
    expect(plan([stereo("2D")])).toBe("frame-packing=6");
    expect(plan([stereo("something new")])).toBe("stereo 3D (something new) into x264");
    expect(plan([stereo("2D")], { fromStart: false })).toMatch(/into x264/);
    expect(plan([stereo("2D")], { encoder: "libx265" })).toBe("");
    expect(plan([stereo("2D")], { encoder: "mpeg2video" })).toMatch(/mpeg2video/);
  });

  test("x264's settings reach the workers", () => {
    const source = stream(0, "video", { sideData: [stereo("2D")] });
    const media = { format: "matroska,webm", durationSeconds: 1, streams: [source, stream(1, "audio")] };
    const words = planOf("-i a.mkv -c:v libx264 -x264-params keyint=9 o.mkv", { media }).encoderOptions;
    expect(words.map((use) => use.value)).toContain("keyint=9:stitchable=1:frame-packing=6");
  });
});

describe("what a source's packets need beside them", () => {
  const carried = (more: Partial<StreamInfo>, format = "avi", decoder?: string): string => {
    const result = carriage(stream(0, "video", more), format, decoder);
    return result.ok ? (result.value.tag ?? "") : result.failure;
  };

  test.each(["h264", "dvvideo", "gif", "wmv2", "cfhd"])("%s is carried by NUT", (codec) =>
    expect(carried({ codec })).toBe(""));

  test.each(["rpza", "qtrle", "rv20", "apng", "nonsense"])("%s is not", (codec) =>
    expect(carried({ codec })).toBe(`a source in ${codec} is not cut`));

  test("DNxHD without a tag is given one", () => {
    expect(carried({ codec: "dnxhd" }, "mxf")).toBe("AVdn");
    expect(carried({ codec: "dnxhd", codecTag: "AVdh" }, "mov")).toBe("");
  });

  test("palettes, and raw pictures without a name", () => {
    expect(carried({ codec: "zmbv", pixelFormat: "pal8" })).toMatch(/palette/);
    expect(carried({ codec: "png", pixelFormat: "pal8" })).toBe("");
    expect(carried({ codec: "rawvideo" })).toMatch(/raw pictures/);
    expect(carried({ codec: "rawvideo", codecTag: "raw " }, "mov")).toMatch(/raw pictures/);
    expect(carried({ codec: "rawvideo", codecTag: "I420" })).toBe("");
    expect(carried({ codec: "rawvideo" }, "rawvideo")).toBe("");
  });

  test("alpha beside the packets, for the decoder that knows of it", () => {
    const film = { codec: "vp9", tags: { ALPHA_MODE: "1" } };
    expect(carried(film, "matroska,webm", "vp9")).toBe("");
    expect(carried(film, "matroska,webm", "libvpx-vp9")).toMatch(/alpha/);
  });
});

describe("a head that plain ffmpeg wrote", () => {
  const odd = (film: Partial<StreamInfo>, muxer: string, encoder = "libx264"): string | undefined => {
    const streams = [stream(0, "video", film)];
    const given = planOf("-i a.mkv o.mkv");
    return notJoined(
      { format: "", durationSeconds: 1, streams },
      { ...given, muxer, film: { ...given.film, encoder } },
    );
  };

  test("tells what cannot be written afterwards", () => {
    expect(odd({}, "flv")).toBeUndefined();
    expect(odd({ sideData: [LIGHT] }, "webm")).toBeUndefined();
    expect(odd({ sideData: [LIGHT] }, "ipod")).toBeUndefined();
    expect(odd({ sideData: [LIGHT] }, "flv")).toMatch(/Mastering display metadata.* flv/);
    expect(odd({ tags: { alpha_mode: "1" } }, "webm", "libvpx-vp9")).toMatch(/alpha/);
    expect(odd({ tags: { alpha_mode: "1" } }, "matroska", "ffv1")).toBeUndefined();
  });
});
