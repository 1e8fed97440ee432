import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { headRoom } from "../join/head.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { Reference } from "../plan/film.js";
import { isDiscarded } from "../plan/muxers.js";
import { placeOf } from "../plan/reference.js";
import { type HostTools, probeHead } from "./probing.js";
import { headFile, type Scratch } from "./scratch.js";
import type { FilmPlace } from "./segments.js";

/** The head of the output as plain ffmpeg writes it. */
export interface Head {
  readonly path: string;
  readonly media: MediaInfo;
  /** Those of a tee's files; the head itself is that of the one which tells most of its streams. */
  readonly slaves?: readonly Head[];
}

/** The head that ffmpeg has written; `film`: of which it is to be, where there are several playlists. */
export async function readHead(scratch: Scratch, film: FilmPlace, tools: HostTools): Promise<Result<Head, string>> {
  // What is thrown away has no head to look at.
  if (isDiscarded(scratch.output)) {
    return ok({ path: scratch.path, media: { format: "null", durationSeconds: undefined, streams: [] } });
  }
  if (!scratch.slaves) {
    const path = await headFile(scratch, film);
    if (!path.ok) return path;
    const written = await probeHead(tools, path.value);
    return written.ok ? ok({ path: path.value, media: written.value }) : written;
  }
  const slaves: Head[] = [];
  for (const slave of scratch.slaves) {
    const head = await readHead(slave, film, tools);
    if (!head.ok) return head;
    slaves.push(head.value);
  }
  const main = mostTelling(slaves);
  return main ? ok({ ...main, slaves }) : fail("there is no output");
}

/** Finds the film in the head of the output. */
export async function readReference(
  { path, media }: Head,
  stream: number,
  muxer: string,
): Promise<Result<Reference, string>> {
  const place = placeOf(media, stream);
  const film = media.streams.find((s) => s.index === place);
  if (!film) return fail("the head of the output has no film");
  const head = { path, media, film };
  return ok({ ...head, room: await headRoom(muxer, head) });
}

/** Containers that keep what is said of streams, those first that add nothing of their own. */
const TELLING = [/^nut$/, /matroska/, /mov/] as const;

/** The head of a tee as one: that of the file whose container keeps most, with what others keep of the pictures besides. */
function mostTelling(heads: readonly Head[]): Head | undefined {
  const told = TELLING.map((format) => heads.find(({ media }) => format.test(media.format)));
  const main = told.find((head) => head !== undefined) ?? heads[0];
  if (!main) return undefined;
  const others = heads.map(({ media }) => media.streams);
  const streams = main.media.streams.map((stream, i) =>
    others.reduce((all, other) => withPictures(all, other[i]), stream),
  );
  return { ...main, media: { ...main.media, streams } };
}

function withPictures(stream: StreamInfo, other: StreamInfo | undefined): StreamInfo {
  if (!other || other.codec !== stream.codec) return stream;
  return {
    ...stream,
    fieldOrder: (stream.fieldOrder ?? "unknown") === "unknown" ? other.fieldOrder : stream.fieldOrder,
    colorRange: stream.colorRange ?? other.colorRange,
    colorSpace: stream.colorSpace ?? other.colorSpace,
    colorTransfer: stream.colorTransfer ?? other.colorTransfer,
    colorPrimaries: stream.colorPrimaries ?? other.colorPrimaries,
    chromaLocation: stream.chromaLocation ?? other.chromaLocation,
  };
}
