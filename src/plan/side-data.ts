import type { SideData, StreamInfo } from "../ffmpeg/media.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { Generation } from "./frame-clock.js";

/**
 * Filters that look at what frames carry beside their pictures (libavfilter/vf_tonemap*.c, vf_libplacebo.c,
 * f_sidedata.c, vf_showinfo.c, f_metadata.c of 5.1 and 7.1). A worker's frames carry what stands in the stream itself.
 */
const READERS = new Set("tonemap tonemap_opencl tonemap_vaapi libplacebo sidedata showinfo dnn_detect".split(" "));

/** Kinds of which it is known who looks at them, and which the heads of files have a place for. */
const KNOWN =
  /^(Mastering display metadata|Content light level metadata|DOVI configuration record|Stereo 3D|Spherical Mapping)$/;

/** Encoders that hand on the mastering display and the light level of frames from ffmpeg 7.0 on. */
const HANDS_ON_LIGHT = new Set(["libx265", "libsvtav1", "libaom-av1", "librav1e", "png", "apng"]);
/** Encoders of 7.1 that write Dolby Vision of their own. */
const HANDS_ON_DOLBY = new Set(["libx265", "libsvtav1", "libaom-av1"]);

/** x264's number for a kind of stereo picture (libavcodec/libx264.c reconfig_encoder), by ffprobe's name for it. */
const FRAME_PACKING: Readonly<Record<string, number>> = {
  checkerboard: 0,
  "interleaved columns": 1,
  "interleaved lines": 2,
  "side by side": 3,
  "top and bottom": 4,
  "frame alternate": 5,
  "2D": 6,
};

export interface SideDataInput {
  readonly source: StreamInfo;
  readonly encoder: string;
  /** Names of the film's filters. */
  readonly filters: readonly string[];
  readonly generation: Generation;
  /** True when the film's first frame is the output's first. */
  readonly fromStart: boolean;
}

/** What the workers must be told of what the source keeps beside its stream. */
export interface SideDataPlan {
  /** Settings for x264, "key=value". */
  readonly x264: readonly string[];
  /** True when what the encoded frames say of light must be held against plain ffmpeg's. */
  readonly watched: boolean;
}

/**
 * What a source keeps beside its stream goes into the head of the output (join/head.ts). Here it is made sure that
 * the filters and the encoder make of the frames what they would have made with it: NUT does not bring it to them.
 */
export function planSideData(input: SideDataInput): Result<SideDataPlan, string> {
  const { source, encoder, generation } = input;
  const beside = source.sideData.filter((d) => !/^(Display Matrix|CPB properties)$/.test(d.type));
  const has = (type: RegExp): boolean => beside.some((d) => type.test(d.type));
  const newer = generation === "by-duration";
  const bright = /^(smpte2084|arib-std-b67)$/.test(source.colorTransfer ?? "");
  const light = has(/^(Mastering display|Content light level)/);
  const plan = { x264: [], watched: newer && HANDS_ON_LIGHT.has(encoder) && (bright || light) };
  const [first] = beside;
  if (!first) return ok(plan);
  const strange = beside.find((d) => !KNOWN.test(d.type));
  if (strange) return fail(`the source keeps data beside its stream (${strange.type})`);
  const reader = input.filters.find((name) => READERS.has(name));
  if (reader !== undefined)
    return fail(`filter ${reader} looks at what the source keeps beside its stream (${first.type})`);
  if (newer && has(/^DOVI/) && HANDS_ON_DOLBY.has(encoder))
    return fail(`${encoder} writes Dolby Vision from the source's`);
  const stereo = beside.find((d) => d.type === "Stereo 3D");
  return stereo ? planStereo(stereo, input, plan) : ok(plan);
}

/**
 * ffmpeg 5.1 gives what is beside the stream to the first frame alone, later ones to all. x264 keeps to what the first
 * says, MPEG-2 writes it with every picture that has it.
 */
function planStereo(stereo: SideData, input: SideDataInput, plan: SideDataPlan): Result<SideDataPlan, string> {
  const { encoder, fromStart } = input;
  if (encoder === "mpeg2video") return fail("mpeg2video writes stereo 3D picture by picture");
  if (encoder !== "libx264" && encoder !== "libx264rgb") return ok(plan);
  const { type, inverted } = JSON.parse(stereo.text) as { type?: string; inverted?: number };
  const packing = FRAME_PACKING[type ?? ""];
  if (packing === undefined || inverted !== 0 || !fromStart) return fail(`stereo 3D (${type ?? "unknown"}) into x264`);
  return ok({ ...plan, x264: [`frame-packing=${packing}`] });
}
