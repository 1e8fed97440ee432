import { z } from "zod";
import type { Rational } from "../lib/rational.js";
import { parseRational } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** A stream as ffprobe describes it. Fields that ffprobe leaves out are undefined. */
export interface StreamInfo {
  readonly index: number;
  readonly type: string;
  readonly codec: string | undefined;
  /** The container's four letters for the codec; undefined where it has none. */
  readonly codecTag: string | undefined;
  readonly profile: string | undefined;
  /** The number of the codec's level, as its headers have it; undefined where it has none. */
  readonly level?: number | undefined;
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly pixelFormat: string | undefined;
  readonly sampleAspectRatio: string | undefined;
  readonly fieldOrder: string | undefined;
  readonly colorRange: string | undefined;
  readonly colorSpace: string | undefined;
  readonly colorTransfer: string | undefined;
  readonly colorPrimaries: string | undefined;
  readonly chromaLocation: string | undefined;
  readonly timeBase: Rational | undefined;
  readonly averageFrameRate: Rational | undefined;
  readonly realFrameRate: Rational | undefined;
  /** Undefined when the demuxer does not know it from the stream's head: AVStream.start_time is not set then. */
  readonly startSeconds: number | undefined;
  /** Names of the dispositions that are set. */
  readonly dispositions: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
  readonly sideData: readonly SideData[];
}

/** Side data kept beside a stream: display matrix, mastering display, Dolby Vision configuration… */
export interface SideData {
  readonly type: string;
  readonly rotation: number | undefined;
  /** The nine terms of a display matrix, row by row. */
  readonly matrix: readonly number[] | undefined;
  /** All that ffprobe says of it, in one line. */
  readonly text: string;
}

/** A file as ffprobe describes it. */
export interface MediaInfo {
  /** The demuxer's name with its aliases, as "mov,mp4,m4a,3gp,3g2,mj2". */
  readonly format: string;
  readonly durationSeconds: number | undefined;
  /** The least of its streams' start times, as ffmpeg takes it off them; to the microsecond. */
  readonly startSeconds?: number | undefined;
  readonly streams: readonly StreamInfo[];
}

const text = z.string().optional();
const streamSchema = z.object({
  index: z.number().int().nonnegative(),
  codec_type: text,
  codec_name: text,
  codec_tag: text,
  codec_tag_string: text,
  profile: text,
  level: z.number().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  pix_fmt: text,
  sample_aspect_ratio: text,
  field_order: text,
  color_range: text,
  color_space: text,
  color_transfer: text,
  color_primaries: text,
  chroma_location: text,
  time_base: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  start_time: text,
  disposition: z.record(z.string(), z.number()).optional(),
  tags: z.record(z.string(), z.string()).optional(),
  side_data_list: z
    .array(z.looseObject({ side_data_type: text, rotation: z.number().optional(), displaymatrix: text }))
    .optional(),
});
const mediaSchema = z.object({
  streams: z.array(streamSchema).default([]),
  format: z.object({ format_name: text, duration: text, start_time: text }).default({}),
});

const rate = (value: string | undefined): Rational | undefined => {
  const parsed = value === undefined ? undefined : parseRational(value);
  return parsed && parsed.num > 0n ? parsed : undefined;
};

/** "\n00000000:            0       65536           0\n…" as nine numbers; undefined for anything else. */
function readMatrix(dump: string | undefined): readonly number[] | undefined {
  if (dump === undefined) return undefined;
  const terms = dump
    .split("\n")
    .flatMap((row) => row.replace(/^[0-9a-f]+:/i, "").match(/-?\d+/g) ?? [])
    .map(Number);
  return terms.length === 9 ? terms : undefined;
}

/** ffprobe's `-show_streams -show_format -of json` as MediaInfo. Foreign text: whatever does not fit is a failure. */
export function readProbe(json: string): Result<MediaInfo, Problem> {
  let raw: unknown;
  try {
    raw = JSON.parse(json);
  } catch {
    return fail({ what: "ffprobe's answer is no JSON", detail: json.slice(0, 200) });
  }
  const parsed = mediaSchema.safeParse(raw);
  if (!parsed.success) return fail({ what: "ffprobe's answer has an unexpected shape", detail: parsed.error.message });
  const duration = Number(parsed.data.format.duration);
  const start = Number(parsed.data.format.start_time);
  return ok({
    format: parsed.data.format.format_name ?? "",
    durationSeconds: Number.isFinite(duration) ? duration : undefined,
    startSeconds: Number.isFinite(start) ? start : undefined,
    streams: parsed.data.streams.map((s) => ({
      index: s.index,
      type: s.codec_type ?? "unknown",
      codec: s.codec_name,
      codecTag: /^0x0+$/.test(s.codec_tag ?? "0x0") ? undefined : s.codec_tag_string,
      profile: s.profile,
      // ffprobe's word for "not known" is -99.
      ...(s.level === undefined || s.level < 0 ? {} : { level: s.level }),
      width: s.width,
      height: s.height,
      pixelFormat: s.pix_fmt,
      sampleAspectRatio: s.sample_aspect_ratio,
      fieldOrder: s.field_order,
      colorRange: s.color_range,
      colorSpace: s.color_space,
      colorTransfer: s.color_transfer,
      colorPrimaries: s.color_primaries,
      chromaLocation: s.chroma_location,
      timeBase: rate(s.time_base),
      averageFrameRate: rate(s.avg_frame_rate),
      realFrameRate: rate(s.r_frame_rate),
      startSeconds: s.start_time === undefined ? undefined : Number(s.start_time),
      dispositions: Object.entries(s.disposition ?? {})
        .filter(([, set]) => set !== 0)
        .map(([name]) => name),
      tags: s.tags ?? {},
      sideData: (s.side_data_list ?? []).map((d) => ({
        type: d.side_data_type ?? "",
        rotation: d.rotation,
        matrix: readMatrix(d.displaymatrix),
        text: JSON.stringify(d),
      })),
    })),
  });
}
