import type { MediaInfo } from "../ffmpeg/media.js";
import type { FilmPlan } from "./film.js";
import { headIsMended } from "./muxers.js";
import { hasAlphaBeside } from "./source-codecs.js";

/** Why a film whose head plain ffmpeg writes like this cannot be joined; undefined when it can. */
export function notJoined(
  { streams }: MediaInfo,
  { film: { outputStream, encoder }, muxer }: FilmPlan,
): string | undefined {
  const film = streams.find((s) => s.index === outputStream);
  if (!film) return undefined;
  if (encoder.startsWith("libvpx") && hasAlphaBeside(film)) return "the encoder keeps the alpha beside its packets";
  const beside = film.sideData.find((d) => !/^(Display Matrix|CPB properties)$/.test(d.type));
  if (!beside || headIsMended(muxer)) return undefined;
  return `the output keeps data beside the film (${beside.type}), which is not written into ${muxer} afterwards`;
}
