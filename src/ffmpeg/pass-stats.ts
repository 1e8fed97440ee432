import { fail, ok, type Result } from "../lib/result.js";

/**
 * The statistics of a first pass of libvpx or libaom: a record of doubles a frame, in display order, and one that adds
 * them up. ffmpeg keeps them as base64 (libavcodec/libvpxenc.c and libaomenc.c, fftools `-passlogfile`).
 */
export interface PassStats {
  readonly frames: readonly Float64Array[];
  readonly total: Float64Array;
}

const DOUBLE = 8;
/** Records had 18 (VP8), 26 (VP9) and 27 (AV1) fields where they were measured. */
const FIELDS = { least: 12, most: 64 };

/**
 * Reads such a log. The number of fields differs between versions; it is known from the first field, which counts the
 * frames. Fails when nothing fits: the log of another encoder, or one that is cut off.
 */
export function parsePassStats(base64: string): Result<PassStats, string> {
  const bytes = Buffer.from(base64.trim(), "base64");
  if (bytes.length === 0 || bytes.length % DOUBLE !== 0) return fail("it is no first pass of libvpx or libaom");
  const all = Float64Array.from({ length: bytes.length / DOUBLE }, (_, i) => bytes.readDoubleLE(i * DOUBLE));
  for (let fields = FIELDS.least; fields <= FIELDS.most; fields++) {
    const count = all.length / fields - 1;
    if (!Number.isInteger(count) || count < 1) continue;
    const records = Array.from({ length: count + 1 }, (_, i) => all.slice(i * fields, (i + 1) * fields));
    const [total] = records.slice(-1);
    const frames = records.slice(0, -1);
    if (total && frames.every((record, i) => record[0] === i)) return ok({ frames, total });
  }
  return fail("it is no first pass of libvpx or libaom");
}

/** The text ffmpeg keeps. */
export function printPassStats({ frames, total }: PassStats): string {
  const records = [...frames, total];
  const bytes = Buffer.alloc(records.length * total.length * DOUBLE);
  records.forEach((record, i) =>
    record.forEach((value, j) => bytes.writeDoubleLE(value, (i * total.length + j) * DOUBLE)),
  );
  return bytes.toString("base64");
}

/** The statistics of a whole film from those of its chunks, in order. Fails when they have not the same fields. */
export function joinPassStats(parts: readonly PassStats[]): Result<PassStats, string> {
  const [first] = parts;
  if (!first) return fail("there are none");
  if (parts.some(({ total }) => total.length !== first.total.length)) return fail("they are of different versions");
  return ok(
    fromFrames(
      parts.flatMap(({ frames }) => frames),
      first,
    ),
  );
}

/** The statistics of the frames from `first` to before `end`, as if they were a film. */
export function slicePassStats(stats: PassStats, first: number, end: number): Result<PassStats, string> {
  const frames = stats.frames.slice(first, end);
  if (frames.length !== end - first || frames.length === 0) return fail(`there are no frames ${first} to ${end - 1}`);
  return ok(fromFrames(frames, stats));
}

/** Numbers the frames anew and adds them up, in those fields that `like` adds up (some it leaves as they began). */
function fromFrames(frames: readonly Float64Array[], like: PassStats): PassStats {
  const numbered = frames.map((record, i) => record.with(0, i));
  const sum = (records: readonly Float64Array[], field: number): number =>
    records.reduce((all, record) => all + (record[field] ?? 0), 0);
  const total = like.total.map((value, field) => {
    const beginning = value - sum(like.frames, field);
    // A sum begins at 0 (libaom's and libvpx's durations at 1 tick of 100 ns), whatever the rounding.
    const adds = Math.abs(beginning) <= 1 + Math.abs(value) * 1e-9 && value !== 0;
    return adds ? sum(numbered, field) + Math.round(beginning) : value;
  });
  return { frames: numbered, total };
}
