import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readProbe } from "../../../src/ffmpeg/media.js";
import { rational } from "../../../src/lib/rational.js";

/** ffprobe 5.1.9, shortened to the fields that are read and a few that are not. */
const REAL = `{
    "streams": [
        {
            "index": 0, "codec_name": "h264", "codec_long_name": "H.264", "profile": "High 4:4:4 Predictive",
            "codec_type": "video", "codec_tag_string": "avc1", "width": 64, "height": 36, "coded_width": 64,
            "sample_aspect_ratio": "1:1", "pix_fmt": "yuv444p", "level": 10, "chroma_location": "left",
            "field_order": "progressive", "r_frame_rate": "25/1", "avg_frame_rate": "0/0", "time_base": "1/12800",
            "disposition": { "default": 1, "dub": 0, "attached_pic": 0, "forced": 1 },
            "tags": { "language": "und", "handler_name": "VideoHandler" },
            "side_data_list": [
                {
                    "side_data_type": "Display Matrix",
                    "displaymatrix": "\\n00000000:            0      -65536           0\\n00000001:        65536           0           0\\n00000002:            0           0  1073741824\\n",
                    "rotation": 90
                },
                { "side_data_type": "CPB properties", "max_bitrate": 0 }
            ]
        },
        { "index": 1, "codec_type": "audio", "sample_rate": "44100", "channels": 1, "time_base": "1/44100" },
        { "index": 2 }
    ],
    "format": { "format_name": "mov,mp4,m4a,3gp,3g2,mj2", "duration": "2.000000", "nb_streams": 3 }
}`;

describe("readProbe", () => {
  test("a real answer", () => {
    const media = readProbe(REAL);
    if (!media.ok) throw new Error(media.failure.what);
    expect(media.value).toMatchObject({ format: "mov,mp4,m4a,3gp,3g2,mj2", durationSeconds: 2 });
    const [film, sound, unknown] = media.value.streams;
    expect(film).toMatchObject({
      ...{ index: 0, type: "video", codec: "h264", width: 64, height: 36, pixelFormat: "yuv444p" },
      ...{ timeBase: rational(1, 12800), realFrameRate: rational(25), averageFrameRate: undefined },
      ...{ fieldOrder: "progressive", chromaLocation: "left", colorRange: undefined },
      ...{ dispositions: ["default", "forced"], tags: { language: "und", handler_name: "VideoHandler" } },
      sideData: [
        { type: "Display Matrix", rotation: 90, matrix: [0, -65536, 0, 65536, 0, 0, 0, 0, 1073741824] },
        { type: "CPB properties", rotation: undefined, matrix: undefined },
      ],
    });
    expect(sound).toMatchObject({
      type: "audio",
      timeBase: rational(1, 44100),
      dispositions: [],
      tags: {},
      sideData: [],
    });
    expect(unknown).toMatchObject({ index: 2, type: "unknown", codec: undefined });
  });

  test("a file without streams or format", () => {
    expect(readProbe("{}")).toEqual({ ok: true, value: { format: "", durationSeconds: undefined, streams: [] } });
    expect(readProbe('{"streams":[],"format":{"duration":"N/A"}}')).toMatchObject({
      value: { durationSeconds: undefined },
    });
  });

  test.each(["0/0", "1/0", "0/1", "-1/25", "x", ""])("the time base %j is none", (base) => {
    const media = readProbe(JSON.stringify({ streams: [{ index: 0, time_base: base }] }));
    expect(media).toMatchObject({ ok: true, value: { streams: [{ timeBase: undefined }] } });
  });

  test.each([
    "",
    "\n00000000: 1 2 3\n",
    "no matrix",
    "\n0: 1 2 3\n1: 4 5 6\n2: 7 8 9\n3: 1 1 1\n",
  ])("a matrix of other than nine terms is none: %j", (displaymatrix) => {
    const side = { side_data_type: "Display Matrix", displaymatrix };
    const media = readProbe(JSON.stringify({ streams: [{ index: 0, side_data_list: [side] }] }));
    expect(media).toMatchObject({ ok: true, value: { streams: [{ sideData: [{ matrix: undefined }] }] } });
  });

  test.each([
    "",
    "ffprobe: not found",
    "[",
    "[]",
    "1",
    "null",
    '"x"',
    '{"streams":{}}',
    '{"streams":[{"index":-1}]}',
  ])("refused with words: %j", (json) => {
    const media = readProbe(json);
    expect(media).toMatchObject({ ok: false });
    if (!media.ok) expect(media.failure.what).toMatch(/^ffprobe's answer/);
  });

  test("foreign text does not make a message long", () => {
    const media = readProbe("x".repeat(100_000));
    if (!media.ok) expect(media.failure.detail?.length).toBeLessThanOrEqual(200);
  });

  test("garbage is never an error", () => {
    const stream = fc.record(
      {
        index: fc.oneof(fc.nat(5), fc.anything()),
        codec_type: fc.oneof(fc.string(), fc.jsonValue()),
        time_base: fc.oneof(fc.string(), fc.constant("1/25"), fc.jsonValue()),
        tags: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
        disposition: fc.oneof(fc.dictionary(fc.string(), fc.integer()), fc.jsonValue()),
        side_data_list: fc.oneof(fc.array(fc.record({ displaymatrix: fc.string() })), fc.jsonValue()),
      },
      { requiredKeys: [] },
    );
    const plain = (value: unknown): string => {
      try {
        return JSON.stringify(value) ?? "";
      } catch {
        return "";
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.json(), fc.record({ streams: fc.array(stream), format: fc.jsonValue() }).map(plain)),
        (text) => void readProbe(text),
      ),
      { numRuns: 500 },
    );
  });
});
