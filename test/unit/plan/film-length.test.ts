import { describe, expect, test } from "vitest";
import type { MediaInfo, StreamInfo } from "../../../src/ffmpeg/media.js";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { rational } from "../../../src/lib/rational.js";
import { tooShort } from "../../../src/plan/film-length.js";

const stream = (more: Partial<StreamInfo>): StreamInfo => ({
  ...{ index: 0, type: "video", codec: "h264", codecTag: undefined, profile: undefined, width: 640, height: 360 },
  ...{ pixelFormat: "yuv420p", sampleAspectRatio: undefined, fieldOrder: undefined, colorRange: undefined },
  ...{ colorSpace: undefined, colorTransfer: undefined, colorPrimaries: undefined, chromaLocation: undefined },
  ...{ timeBase: rational(1, 1000), averageFrameRate: rational(25, 1), realFrameRate: rational(25, 1) },
  ...{ startSeconds: 0, dispositions: [], tags: {}, sideData: [] },
  ...more,
});

const film = (seconds: number | undefined, ...streams: StreamInfo[]): MediaInfo => ({
  format: "matroska,webm",
  durationSeconds: seconds,
  streams: streams.length > 0 ? streams : [stream({})],
});

/** What is said of a command of these words, where 240 frames are worth splitting. */
function said(words: string, ...inputs: readonly MediaInfo[]): string | undefined {
  const command = parseCommand(words.split(" "));
  if (!command.ok) throw new Error(command.failure.message);
  return tooShort(command.value, inputs, 240);
}

const SHORT = /^a film of 125 frames is too short for two chunks \(-df_keyint_min=62 would allow them\)$/;

describe("a film that is too short for two chunks", () => {
  test("by its container", () => {
    expect(said("-i a.mkv o.mkv", film(5))).toMatch(SHORT);
    expect(said("-i a.mkv o.mkv", film(9.6))).toBeUndefined();
  });

  test("by what of it is used", () => {
    expect(said("-ss 3595 -i a.mkv o.mkv", film(3600))).toMatch(SHORT);
    expect(said("-i a.mkv -t 5 o.mkv", film(3600))).toMatch(SHORT);
    expect(said("-loop 1 -i a.png -t 5 o.mkv", film(0.04))).toMatch(SHORT);
    expect(said("-ss 10 -to 15 -i a.mkv o.mkv", film(3600))).toMatch(SHORT);
    expect(said("-i a.mkv -ss 5 -to 600 o.mkv", film(3600))).toBeUndefined();
  });

  test("only where all films and all outputs are", () => {
    expect(said("-i a.mkv -i b.mkv -filter_complex overlay o.mkv", film(5), film(3600))).toBeUndefined();
    expect(said("-i a.mkv -t 5 o.mkv p.mkv", film(3600))).toBeUndefined();
  });

  test("never where nobody knows", () => {
    expect(said("-i a.mkv o.mkv", film(undefined))).toBeUndefined();
    expect(said("-i a.mkv o.mkv", film(5, stream({ averageFrameRate: undefined })))).toBeUndefined();
    expect(said("-loop 1 -i a.png o.mkv", film(0.04))).toBeUndefined();
    expect(said("-stream_loop 20 -i a.mkv o.mkv", film(5))).toBeUndefined();
    expect(said("-i a.mp3 o.mkv", film(5, stream({ dispositions: ["attached_pic"] })))).toBeUndefined();
  });
});
