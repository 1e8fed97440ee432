/**
 * Filters that are of another kind once the caller vouches for something.
 *
 * Many filters cut the picture into slices, a thread each; those here reach over the
 * cut or add up in its order, so that the number of threads shows in the picture. Seen
 * with ffmpeg 5.1.9: 1, 2, 3 and 5 threads against one another, each equal to itself.
 */
import { FRAME, integer, provided, whole, type Definition } from "./define.js";

const SLICED = "works in slices, one a thread, and their number shows in the picture";

function sliced(more: Omit<Definition, "judge"> = {}): Definition {
  return { ...more, judge: () => provided(["same-filter-threads"], SLICED, FRAME) };
}

/**
 * libass keeps an event where it first stood for as long as it is shown (fix_collisions()
 * in ass_render.c): of two that overlap, the later stands above the earlier, and stays there
 * after the earlier is gone, unless the film begins only then, as it does for a chunk.
 */
function subtitles(options: string): Definition {
  return {
    options,
    files: "filename fontsdir",
    judge: () =>
      provided(
        ["subtitles-apart", "same-fonts"],
        "places subtitles by those shown before, in fonts of the machine it runs on",
        FRAME,
      ),
  };
}

export const CONDITIONAL_FILTERS: ReadonlyMap<string, Definition> = new Map<string, Definition>([
  ["ass", subtitles("filename/f original_size fontsdir alpha shaping")],
  ["subtitles", subtitles("filename/f original_size fontsdir alpha charenc stream_index/si force_style wrap_unicode")],
  [
    "bm3d",
    {
      options: "sigma block bstep group range mstep thmse hdthr estim ref planes",
      judge: (o) =>
        integer(o.get("ref"), 0) === 0
          ? provided(["same-filter-threads"], SLICED, FRAME)
          : whole("takes several inputs"),
    },
  ],
  ["chromakey", sliced()],
  ["dctdnoiz", sliced({ options: "sigma/s overlap expr/e n", expressions: "expr" })],
  [
    "fftdnoiz",
    {
      options: "sigma amount block overlap method prev next planes window",
      // With prev or next, chunks differed even with as many threads.
      judge: (o) =>
        integer(o.get("prev"), 0) === 0 && integer(o.get("next"), 0) === 0
          ? provided(["same-filter-threads"], SLICED, FRAME)
          : whole("is not proven with frames before and after"),
    },
  ],
  ["pseudocolor", sliced({ options: "c0 c1 c2 c3 index/i preset/p opacity", expressions: "c0 c1 c2 c3" })],
  // Slices of 64 lines and more are resampled each by itself; seen with t=linear and with dithering.
  ["zscale", sliced()],
]);
