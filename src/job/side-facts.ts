import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "../ffmpeg/command.js";
import { runLocal } from "../ffmpeg/run.js";
import { factKey, filesToInspect, type SideFact, type SideFacts, type SideKind } from "../plan/sides.js";
import { holdsOneFrame, type HostTools, PICTURE, probeFile } from "./probing.js";

/** Finds out about the files that filters of the command read; what cannot be found out is left open. */
export async function inspectSides(command: Command, tools: HostTools): Promise<SideFacts> {
  const files = [...filesToInspect(command).values()];
  const facts = await Promise.all(
    files.map(async ({ kind, path }, i) => [factKey(kind, path), await inspect(kind, path, i, tools)] as const),
  );
  return new Map(facts);
}

function inspect(kind: SideKind, path: string, number: number, tools: HostTools): Promise<SideFact> {
  switch (kind) {
    case "picture":
      return inspectPicture(path, tools);
    case "subtitles":
      return inspectSubtitles(path, number, tools);
    case "text":
      return readFile(path, "utf8").then(
        (text) => ({ text }),
        () => ({}),
      );
    case "plain":
      return Promise.resolve({});
  }
}

async function inspectPicture(path: string, tools: HostTools): Promise<SideFact> {
  const media = await probeFile(tools, path);
  const single = media.ok && PICTURE.test(media.value.format) && media.value.streams.length === 1;
  return single && (await holdsOneFrame(tools, ["-i", `file:${path}`])) ? { picture: media.value } : {};
}

/** Demuxers of texts that name other files (libavformat): on a worker they would be other ones, or none. */
const NAMING = /^(hls|dash|concat|concatf|sdp|rtsp|imf|image2)(,|$)/;

/** Codecs of which a packet is one event (libavcodec's decoders of text, 5.1 and 7.1). */
const ONE_EVENT = new Set(["subrip", "ass", "webvtt", "mov_text", "text"]);

async function inspectSubtitles(path: string, number: number, tools: HostTools): Promise<SideFact> {
  const media = await probeFile(tools, path);
  if (!media.ok || NAMING.test(media.value.format)) return {};
  const { streams } = media.value;
  const subtitles = streams.filter((s) => s.type === "subtitle");
  if (subtitles.length === 0 || !subtitles.every((s) => ONE_EVENT.has(s.codec ?? ""))) return {};
  const apart = await eventsApart(path, tools);
  if (!apart || !streams.some((s) => s.type === "video" || s.type === "audio")) return { apart };
  const extract = await extractSubtitles(path, join(tools.folder, `subtitles${number}.mkv`), tools);
  return { apart, ...(extract === undefined ? {} : { extract: { path: extract, streams: subtitles.length } }) };
}

/** Whether of no stream two events are on screen at once. Times are whole milliseconds, as libass counts. */
async function eventsApart(path: string, tools: HostTools): Promise<boolean> {
  const entries = ["-select_streams", "s", "-show_entries", "packet=stream_index,pts_time,duration_time"];
  const args = ["-v", "error", ...entries, "-of", "csv=p=0", "-i", `file:${path}`];
  const run = await runLocal(tools.ffprobe, args, { signal: tools.signal });
  if (run.code !== 0) return false;
  const events = run.stdout
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => {
      const [stream = "", from, length] = line.split(",");
      const start = Math.round(Number(from) * 1000);
      return { stream, start, end: start + Math.round(Number(length) * 1000) };
    });
  if (events.length === 0 || events.some((e) => !(e.end > e.start))) return false;
  events.sort((a, b) => a.stream.localeCompare(b.stream) || a.start - b.start);
  return events.every((event, i) => {
    const next = events[i + 1];
    return next?.stream !== event.stream || event.end <= next.start;
  });
}

/** The subtitles and fonts of a film in a file of their own, so that not every chunk reads the film for them. */
async function extractSubtitles(path: string, to: string, tools: HostTools): Promise<string | undefined> {
  const words = ["-v", "error", "-nostdin", "-y", "-copyts", "-i", `file:${path}`, "-map", "0:s", "-map", "0:t?"];
  // The same bytes each time: kept chunks are known by the files they were made with.
  const keep = ["-c", "copy", "-copyts", "-avoid_negative_ts", "disabled", "-fflags", "+bitexact", "-f", "matroska"];
  const run = await runLocal(tools.ffmpeg, [...words, ...keep, `file:${to}`], { signal: tools.signal });
  if (run.code !== 0) return undefined;
  const [before, after] = await Promise.all([path, to].map((file) => subtitleContent(file, tools)));
  return before !== undefined && before === after ? to : undefined;
}

/** All that the subtitles filter reads of a file, as text: headers, packets, attachments. */
async function subtitleContent(path: string, tools: HostTools): Promise<string | undefined> {
  const framecrc = ["-map", "0:s", "-c", "copy", "-f", "framecrc", "pipe:1"];
  const only = { signal: tools.signal };
  const attachments = ["-select_streams", "t", "-show_data_hash", "sha256", "-show_entries"];
  const [packets, fonts] = await Promise.all([
    runLocal(
      tools.ffmpeg,
      ["-v", "error", "-nostdin", "-copyts", "-copytb", "1", "-i", `file:${path}`, ...framecrc],
      only,
    ),
    runLocal(
      tools.ffprobe,
      ["-v", "error", ...attachments, "stream=extradata_hash:stream_tags=filename,mimetype", `file:${path}`],
      only,
    ),
  ]);
  if (packets.code !== 0 || fonts.code !== 0) return undefined;
  return packets.stdout + fonts.stdout;
}
