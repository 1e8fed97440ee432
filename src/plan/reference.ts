import type { MediaInfo } from "../ffmpeg/media.js";
import type { FilmPlan } from "./film.js";
import { headIsMended } from "./muxers.js";
import { hasAlphaBeside } from "./source-codecs.js";

/**
 * The place of the film among the streams of a file: containers without a list of them (FLV, SWF) show them in the order
 * in which their packets come.
 */
export function placeOf({ streams }: MediaInfo, outputStream: number): number {
  if (streams.find((s) => s.index === outputStream)?.type === "video") return outputStream;
  const [film, other] = streams.filter((s) => s.type === "video");
  return film && !other ? film.index : outputStream;
}

/** Why a film whose head plain ffmpeg writes like this cannot be joined; undefined when it can. */
export function notJoined(media: MediaInfo, { film: { outputStream, encoder }, muxer }: FilmPlan): string | undefined {
  const place = placeOf(media, outputStream);
  const film = media.streams.find((s) => s.index === place);
  if (!film) return undefined;
  if (encoder.startsWith("libvpx") && hasAlphaBeside(film)) return "the encoder keeps the alpha beside its packets";
  if (muxer === "avi" && film.codec === "rawvideo" && film.codecTag === undefined)
    return "how raw pictures lie in AVI is kept beside their packets";
  const beside = film.sideData.find((d) => !/^(Display Matrix|CPB properties)$/.test(d.type));
  if (!beside || headIsMended(muxer)) return undefined;
  return `the output keeps data beside the film (${beside.type}), which is not written into ${muxer} afterwards`;
}
