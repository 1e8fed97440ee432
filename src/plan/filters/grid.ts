/** Filters that put frames at whole multiples of 1/rate. */
import { parseRational, rational, type Rational } from "../../lib/rational.js";
import { isOneOf, whole, type Definition } from "./define.js";

/** Names that fps takes (libavfilter/vf_fps.c), and those of av_parse_video_rate() (libavutil/parseutils.c). */
const RATES: ReadonlyMap<string, Rational> = new Map([
  ["ntsc", rational(30000, 1001)],
  ["pal", rational(25)],
  ["film", rational(24)],
  ["ntsc_film", rational(24000, 1001)],
]);

function readRate(text: string): Rational | undefined {
  const rate = RATES.get(text.trim()) ?? parseRational(text.trim());
  return rate !== undefined && rate.num > 0n ? rate : undefined;
}

export const GRID_FILTERS: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  [
    // Tick k shows the last frame whose time, rounded, is not after k: with round=down that may be a frame almost a period
    // later. The first tick of a window never needs an earlier frame than the first, whichever way it rounds. The frame
    // after all these is there so that the end of the chunk is not taken for the end of the film (eof_action).
    "fps",
    {
      options: "fps start_time round eof_action",
      judge: (o) => {
        const rate = readRate(o.get("fps") ?? "25");
        if (rate === undefined) return whole("has a rate that is not a plain number");
        const start = o.get("start_time");
        if (start !== undefined && !/^-?\d+(\.\d*)?$/.test(start))
          return whole("has a start_time that is not a plain number");
        const startTime = start === undefined ? undefined : Number(start);
        return { kind: "grid", rate, before: 0, afterPeriods: 1, after: 1, startTime, files: [] };
      },
    },
  ],
  [
    // Four frames at a time, and the score of the pair before for scene changes. With mi_mode=mci, motion vectors are
    // searched for from those of the frames before, back to the first (vf_minterpolate.c, mv_table).
    "minterpolate",
    {
      options: "fps mi_mode mc_mode me_mode me mb_size search_param vsbmc scd scd_threshold",
      judge: (o) => {
        if (!isOneOf(o.get("mi_mode"), "dup", "blend", "0", "1")) return whole("guesses motion from all frames before");
        const rate = readRate(o.get("fps") ?? "60");
        if (rate === undefined) return whole("has a rate that is not a plain number");
        return { kind: "grid", rate, before: 4, afterPeriods: 1, after: 3, startTime: undefined, files: [] };
      },
    },
  ],
]);
