/**
 * Filters of two inputs, as they are split: the second is a picture that stays for the whole film. They take the
 * frames of both by libavfilter/framesync.c, and give one frame for each of the first input's.
 */
import { FRAME, isOneOf, whole, windowOf, type Definition, type Options, type Table, type Verdict } from "./define.js";

/** Names of true and false in options (libavutil/opt.c set_string_bool). */
const TRUE = ["1", "true", "y", "yes", "enable", "enabled", "on"] as const;
const FALSE = ["0", "false", "n", "no", "disable", "disabled", "off"] as const;

/** `endless`: the picture is given again and again (`-loop 1`), else it is given once. */
function judgePair(endless: boolean): (options: Options) => Verdict {
  return (o) => {
    const shortest = o.get("shortest");
    const eof = o.get("eof_action");
    if (!isOneOf(shortest, undefined, ...TRUE, ...FALSE)) return whole("has an option shortest that is not known");
    if (!isOneOf(o.get("repeatlast"), undefined, ...TRUE)) return whole("shows its picture once");
    if (!isOneOf(eof, undefined, "repeat", "0", "endall", "1")) return whole("shows its picture once");
    const ends = isOneOf(shortest, ...TRUE) || isOneOf(eof, "endall", "1");
    if (endless === ends) return o.has("enable") ? judgeSwitched(endless) : FRAME;
    return whole(ends ? "ends with its picture" : "goes on for as long as its picture, which has no end");
  };
}

/**
 * Whether such a filter is on is settled by the time of the input frame it took last (libavfilter/avfilter.c): at the
 * first frame that may be the picture's, and at every frame where pictures keep coming.
 */
function judgeSwitched(endless: boolean): Verdict {
  return endless ? whole("is switched on and off by the times of a picture that has no end") : windowOf(1, 0);
}

function pairs(endless: boolean): Table {
  const judge = judgePair(endless);
  return new Map<string, Definition>([
    // x is reckoned twice, before and after y (vf_overlay.c eval_expr): what speaks of itself speaks of the frame before.
    [
      "overlay",
      {
        options: "x y eof_action eval shortest format repeatlast alpha",
        expressions: "x/x,y y/y",
        switched: true,
        judge,
      },
    ],
    ["haldclut", { options: "clut interp eof_action shortest repeatlast", switched: true, judge }],
  ]);
}

/** Judged for a picture that comes once, and for one that comes again and again. */
export const PAIR_FILTERS = { once: pairs(false), endless: pairs(true) } as const;

/** Options that a filter of two inputs is given behind its own when a picture without end is given once instead. */
export const ONCE_INSTEAD = [
  { name: "shortest", value: "0" },
  { name: "eof_action", value: "repeat" },
] as const;

/** Sources of pictures in a graph. */
export const PICTURE_SOURCES: Table = new Map<string, Definition>([
  [
    "movie",
    {
      options: `filename format_name/f stream_index/si seek_point/sp streams/s loop discontinuity dec_threads
        format_opts`,
      files: "filename",
      judge: (o) =>
        [...o.keys()].every((name) => name === "filename" || name === "format_name")
          ? FRAME
          : whole("is told more than a file"),
    },
  ],
]);

/** How many inputs a filter has whose only output is a picture; undefined for what is not known to be such a filter. */
export function pictureInputs(name: string, oneInput: ReadonlyMap<string, unknown>): number | undefined {
  if (PAIR_FILTERS.once.has(name)) return 2;
  if (PICTURE_SOURCES.has(name)) return 0;
  return oneInput.has(name) ? 1 : undefined;
}
