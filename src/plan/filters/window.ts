/**
 * Filters that look at a bounded number of neighbours. Windows and edges were measured
 * over seams with ffmpeg 5.1.9 (test/equivalence/filter-proof.test.ts), one-frame
 * chunks at both ends included.
 */
import { FRAME, integer, isOneOf, whole, windowOf, type Definition, type Options, type Verdict } from "./define.js";

const UNREADABLE = "has a size that cannot be read";

/** The option as a whole number of at least `least` gives the window, anything else none. */
function sized(option: string, fallback: number, make: (size: number) => Verdict): (options: Options) => Verdict {
  return (options) => {
    const size = integer(options.get(option), fallback);
    return size === undefined ? whole(UNREADABLE) : make(size);
  };
}

/** `rate` of a deinterlacer by its options `mode` and `deint`; undefined if they cannot be read. */
function fieldRate(o: Options, frameModes: readonly string[], fieldModes: readonly string[], fallback: string) {
  const mode = o.get("mode") ?? fallback;
  if (frameModes.includes(mode)) return "same";
  if (!fieldModes.includes(mode)) return undefined;
  return isOneOf(o.get("deint"), undefined, "all", "0") ? "double" : "mixed";
}

/** Deinterlacers that send fields: the time of a second field is halfway to the next frame. */
function deinterlacer(before: number, options: string): Definition {
  return {
    options,
    judge: (o) => {
      const rate = fieldRate(o, ["frame", "0"], ["field", "1"], "field");
      return rate === undefined ? whole("has a mode that is not known") : windowOf(before, 1, { rate });
    },
  };
}

export const WINDOW_FILTERS: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  [
    // Puts out frame i under the time of frame i - radius, and never the first set it collected (vf_amplify.c).
    "amplify",
    {
      options: "radius factor threshold tolerance low high planes",
      judge: sized("radius", 2, (r) => windowOf(1, 2 * r, { edge: { dropsFirst: 1, dropsLast: 2 * r } })),
    },
  ],
  [
    // With fewer than s/2 frames in all, 5.1.9 never ends; a widened chunk always has more, if the film has.
    "atadenoise",
    {
      options: "0a 0b 1a 1b 2a 2b s p a 0s 1s 2s",
      judge: sized("s", 9, (s) => windowOf(Math.floor(s / 2), Math.floor(s / 2))),
    },
  ],
  [
    "bwdif",
    {
      options: "mode parity deint",
      judge: (o) => {
        // The first frame that is deinterlaced, however late, is done from itself alone (current_field in yadif_common.c).
        if (!isOneOf(o.get("deint"), undefined, "all", "0"))
          return whole("treats the first interlaced frame of all in its own way");
        const rate = fieldRate(o, ["send_frame", "0"], ["send_field", "1"], "send_field");
        return rate === undefined ? whole("has a mode that is not known") : windowOf(1, 1, { rate });
      },
    },
  ],
  ["dedot", { options: "m lt tl tc ct", judge: () => windowOf(2, 2) }],
  [
    // Looks forward only; but with fewer frames than its size it reads places never written, so there must be enough of them.
    "deflicker",
    { options: "size/s mode/m bypass", judge: sized("size", 5, (s) => windowOf(s - 1, s - 1)) },
  ],
  // Spatial, but for the time of the second field.
  ["estdif", deinterlacer(0, "mode parity deint rslope redge ecost mcost dcost interp")],
  [
    "normalize",
    {
      options: "blackpt whitept smoothing independence strength",
      // A sum of whole numbers over the last frames, so that nothing is left of those before (vf_normalize.c).
      judge: sized("smoothing", 0, (n) => (n === 0 ? FRAME : windowOf(n, 0))),
    },
  ],
  // Takes a field of the frame before; the first frame passes as it is.
  ["phase", { judge: () => windowOf(1, 0) }],
  // Spatial, but for the time of the second field.
  ["separatefields", { judge: () => windowOf(0, 1, { rate: "double" }) }],
  // YDIF, UDIF and VDIF speak of the frame before; pictures change with out= only.
  ["signalstats", { judge: () => windowOf(1, 0) }],
  [
    "siti",
    {
      options: "print_summary",
      judge: (o) =>
        isOneOf(o.get("print_summary"), undefined, "0", "false")
          ? windowOf(1, 0)
          : whole("prints a summary of the film"),
    },
  ],
  [
    "tblend",
    {
      options: `c0_mode c1_mode c2_mode c3_mode all_mode c0_expr c1_expr c2_expr c3_expr all_expr
        c0_opacity c1_opacity c2_opacity c3_opacity all_opacity`,
      expressions: "c0_expr c1_expr c2_expr c3_expr all_expr",
      judge: () => windowOf(1, 0, { edge: { dropsFirst: 1, dropsLast: 0 } }),
    },
  ],
  [
    "tlut2",
    {
      options: "c0 c1 c2 c3",
      expressions: "*",
      judge: () => windowOf(1, 0, { edge: { dropsFirst: 1, dropsLast: 0 } }),
    },
  ],
  [
    // The median of frames i to i + 2 radius, under the time of frame i.
    "tmedian",
    {
      options: "radius planes percentile",
      judge: sized("radius", 1, (r) => windowOf(0, 2 * r, { edge: { dropsFirst: 0, dropsLast: 2 * r } })),
    },
  ],
  ["tmidequalizer", { options: "radius sigma planes", judge: sized("radius", 5, (r) => windowOf(r, r)) }],
  // Before the film's first frame it takes copies of it.
  ["tmix", { options: "frames weights scale planes", judge: sized("frames", 3, (n) => windowOf(n - 1, 0)) }],
  ["w3fdif", deinterlacer(1, "filter mode parity deint")],
  [
    "yadif",
    {
      options: "mode parity deint",
      judge: (o) => {
        const rate = fieldRate(
          o,
          ["send_frame", "send_frame_nospatial", "0", "2"],
          ["send_field", "send_field_nospatial", "1", "3"],
          "send_frame",
        );
        return rate === undefined ? whole("has a mode that is not known") : windowOf(1, 1, { rate });
      },
    },
  ],
]);
