/**
 * Filters of two inputs, as they are split: the second is a picture that stays for the whole film. They take the
 * frames of both by libavfilter/framesync.c, and give one frame for each of the first input's.
 */
import { FRAME, isOneOf, whole, type Definition, type Options, type Table, type Verdict } from "./define.js";

/** Names of true and false in options (libavutil/opt.c set_string_bool). */
const TRUE = ["1", "true", "y", "yes", "enable", "enabled", "on"] as const;
const FALSE = ["0", "false", "n", "no", "disable", "disabled", "off"] as const;

function judgePair(o: Options): Verdict {
  const [shortest, eof] = [o.get("shortest"), o.get("eof_action")];
  if (!isOneOf(o.get("repeatlast"), undefined, ...TRUE)) return whole("shows its picture once");
  if (isOneOf(eof, "pass", "2")) return whole("shows its picture once");
  const stays = isOneOf(shortest, undefined, ...FALSE) && isOneOf(eof, undefined, "repeat", "0");
  if (!stays) return whole("ends with its picture");
  // Whether such a filter is on is settled by the time of the input frame that it took last, of whichever input
  // (libavfilter/avfilter.c ff_inlink_consume_frame): around a beginning that hangs on which of them came first.
  return o.has("enable") ? whole("is switched on and off by the input that came last") : FRAME;
}

/** Judged for a picture that comes once and stays. */
export const PAIR_FILTERS: Table = new Map<string, Definition>([
  // x is reckoned twice, before and after y (vf_overlay.c eval_expr): what speaks of itself speaks of the frame before.
  [
    "overlay",
    {
      options: "x y eof_action eval shortest format repeatlast alpha",
      expressions: "x/x,y y/y",
      judge: judgePair,
    },
  ],
  ["haldclut", { options: "clut interp eof_action shortest repeatlast", judge: judgePair }],
]);

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
  if (PAIR_FILTERS.has(name)) return 2;
  if (PICTURE_SOURCES.has(name)) return 0;
  return oneInput.has(name) ? 1 : undefined;
}
