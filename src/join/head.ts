import type { StreamInfo } from "../ffmpeg/media.js";
import { ok, type Problem, type Result } from "../lib/result.js";
import type { Reference } from "../plan/film.js";
import { isMatroska, isMovFamily } from "../plan/muxers.js";
import { matroskaRoom, mendMatroska } from "./matroska.js";
import { mendMp4, mp4Room } from "./mp4.js";

/** How many bytes FINAL must leave free in the head for what it cannot write there itself. */
export async function headRoom(muxer: string, { path, media, film }: Omit<Reference, "room">): Promise<number> {
  if (isMatroska(muxer)) return matroskaRoom(path, trackNumber(media.streams, film));
  return isMovFamily(muxer) ? mp4Room(path, videoNumber(media.streams, film)) : 0;
}

/** Writes into the head of a joined file what plain ffmpeg has there of the film and a copied stream does not bring. */
export async function mendHead(
  muxer: string,
  path: string,
  { path: wanted, media, film, room }: Reference,
): Promise<Result<void, Problem>> {
  if (isMatroska(muxer)) return mendMatroska(path, wanted, trackNumber(media.streams, film));
  if (isMovFamily(muxer) && room > 0) return mendMp4(path, wanted, videoNumber(media.streams, film));
  return ok(undefined);
}

/** Attachments, and pictures attached, are no tracks. */
const isTrack = (s: StreamInfo): boolean => s.type !== "attachment" && !s.dispositions.includes("attached_pic");

function trackNumber(streams: readonly StreamInfo[], film: StreamInfo): number {
  return streams.filter((s) => s.index < film.index && isTrack(s)).length;
}

function videoNumber(streams: readonly StreamInfo[], film: StreamInfo): number {
  return streams.filter((s) => s.index < film.index && s.type === "video" && isTrack(s)).length;
}
