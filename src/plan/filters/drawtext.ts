/** drawtext: what its text stands for decides (libavfilter/vf_drawtext.c). */
import { FRAME, isOneOf, provided, whole, type Options, type Verdict } from "./define.js";
import { countingIdentifier } from "./expressions.js";
import type { Condition } from "./types.js";

/** The kind of a drawtext with these options; expressions in its x, y, alpha and fontsize are judged elsewhere. */
export function judgeDrawtext(options: Options): Verdict {
  if (options.has("timecode")) return whole("counts frames for its timecode");
  if (!/^0*$/.test(options.get("reload") ?? "")) return whole("reads its text file again and again");
  if (options.has("text_source")) return whole("draws what a detector left");
  const expansion = options.get("expansion");
  if (!isOneOf(expansion, undefined, "none", "normal", "0", "1")) return whole("tells the time of day");

  const expands = !isOneOf(expansion, "none", "0");
  for (const option of ["text", "fontcolor_expr"]) {
    const reason = expands ? countingExpansion(options.get(option) ?? "") : undefined;
    if (reason !== undefined) return whole(reason);
  }
  const conditions: Condition[] = [];
  if (!options.has("fontfile")) conditions.push("same-fonts");
  if (expands && options.has("textfile")) conditions.push("steady-textfile");
  const reason = options.has("fontfile")
    ? "takes a text from a file that may count frames or tell the time"
    : "takes a font from the machine it runs on unless it has a fontfile";
  return provided(conditions, reason, FRAME);
}

/** Whether a text that is read from a file is drawn the same for every frame of the same time. */
export function steadyText(text: string): boolean {
  return countingExpansion(text) === undefined;
}

/** Why a text with `%{name:arguments}` in it is not made of a frame and its time alone. */
function countingExpansion(text: string): string | undefined {
  for (const [, inner = ""] of text.matchAll(/%\{([^}]*)/g)) {
    const [name = "", ...args] = inner.split(":").map((word) => word.trim().replace(/\\/g, ""));
    const all = args.join(" ");
    switch (name) {
      case "pict_type":
      case "metadata":
        break;
      case "pts":
        // The third argument is an offset to be taken for a date.
        if (!/^(|flt|hms)( [\d.]+)?$/.test(all)) return "tells the time of day";
        break;
      case "e":
      case "expr":
      case "eif":
      case "expr_int_format":
      case "ef":
      case "expr_formatted": {
        const found = countingIdentifier(all);
        if (found !== undefined) return `has "${found}" in its text`;
        break;
      }
      case "n":
      case "frame_num":
        return "counts frames in its text";
      case "gmtime":
      case "localtime":
        return "tells the time of day";
      default:
        return `has "%{${name}}" in its text`;
    }
  }
  return undefined;
}
