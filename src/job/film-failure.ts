import type { Problem } from "../lib/result.js";

/** How a film job ended short of success: `unfit` and `refused` send the command the whole way, the others end it. */
export type FilmFailure = { readonly kind: "unfit" | "refused" | "failed" | "cancelled" } & Problem;

/** Plain ffmpeg would find a full disk just as full. */
export function refusedOrFull(problem: Problem): FilmFailure {
  const full = /No space left on device|Disk quota exceeded/.test(problem.detail ?? "");
  return { ...problem, kind: full ? "failed" : "refused" };
}
