import type { Command } from "../../../src/ffmpeg/command.js";
import type { StreamMapping } from "../../../src/ffmpeg/log.js";
import type { MediaInfo, StreamInfo } from "../../../src/ffmpeg/media.js";
import { parseCommand } from "../../../src/ffmpeg/parse.js";
import { rational } from "../../../src/lib/rational.js";
import { type Findings, prepare } from "../../../src/plan/prepare.js";
import type { FilmPlan } from "../../../src/plan/film.js";

/** A command as words with blanks between them. */
export function command(words: string): Command {
  const parsed = parseCommand(words.split(" ").filter((word) => word !== ""));
  if (!parsed.ok) throw new Error(parsed.failure.message);
  return parsed.value;
}

export function stream(index: number, type: string, more: Partial<StreamInfo> = {}): StreamInfo {
  const video = type === "video";
  return {
    ...{ index, type, codec: video ? "h264" : "aac", codecTag: undefined, profile: undefined },
    ...{ width: video ? 160 : undefined, height: video ? 90 : undefined, pixelFormat: video ? "yuv420p" : undefined },
    ...{ sampleAspectRatio: undefined, fieldOrder: undefined, colorRange: undefined, colorSpace: undefined },
    ...{ colorTransfer: undefined, colorPrimaries: undefined, chromaLocation: undefined },
    ...{ timeBase: rational(1, 12800), averageFrameRate: rational(25), realFrameRate: rational(25), startSeconds: 0 },
    ...{ dispositions: ["default"], tags: {}, sideData: [] },
    ...more,
  };
}

/** "0>0 h264>libx264" is encoded, "1>1" is copied. */
export function mapping(text: string): StreamMapping {
  const [streams = "", codecs = ""] = text.split(" ");
  const [from, to] = streams.split(">").map(Number);
  const [decoder, encoder] = codecs.split(">");
  return {
    ...{ inputFile: 0, inputStream: from ?? 0, outputFile: 0, outputStream: to ?? 0 },
    ...{ decoder: decoder === "" ? undefined : decoder, encoder },
  };
}

/** Findings, with the first input's media by itself. */
export type OneInput = Findings & { readonly media: MediaInfo };

/** An MP4 of a film and its sound, encoded by x264 into another one; `media` is the only input's. */
export function findings(more: Partial<OneInput> = {}): OneInput {
  const media = more.media ?? {
    format: "mov,mp4,m4a,3gp,3g2,mj2",
    durationSeconds: 10,
    streams: [stream(0, "video"), stream(1, "audio")],
  };
  const routing = { mappings: [mapping("0>0 h264>libx264"), mapping("1>1")], feeds: [], yields: [] };
  const { mappings, feeds } = { ...routing, ...more };
  return {
    media,
    company: { mappings, feeds },
    ...{ inputs: [media], stills: [], ...routing, sides: new Map(), alone: true },
    complexMapping: undefined,
    graphInputs: [
      {
        ...{ inputFile: 0, inputStream: 0, width: 160, height: 90, pixelFormat: "yuv420p" },
        ...{ timeBase: rational(1, 12800), frameRate: rational(25) },
      },
    ],
    ...{ muxer: "matroska", defaultSync: "vfr", generation: "by-rate", filterThreads: 2 },
    ...more,
  };
}

/** The plan of a command that is known to be split. */
export function planOf(words: string, more: Partial<OneInput> = {}): FilmPlan {
  const plan = prepare(command(words), findings(more));
  if (!plan.ok) throw new Error(plan.failure);
  const [first] = plan.value;
  if (!first) throw new Error("no film");
  return first;
}
