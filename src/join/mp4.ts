import { type FileHandle, open } from "node:fs/promises";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** A box of ISO/IEC 14496-12 inside a buffer. */
interface Box {
  readonly type: string;
  readonly start: number;
  /** Where its content begins, and ends. */
  readonly from: number;
  readonly to: number;
}

/** Boxes of a sample entry that the muxer makes of what it is told beside the packets (libavformat/movenc.c). */
const TOLD = new Set("mdcv clli SmDm CoLL cclv amve dvcC dvvC dvwC st3d sv3d".split(" "));
/** Fields of a VisualSampleEntry before the boxes inside it, and of an stsd before its entries. */
const ENTRY_FIELDS = 78;
const TABLE_FIELDS = 8;
const LARGEST_MOOV = 512 * 1024 * 1024;

interface Track {
  readonly bytes: Buffer;
  readonly offset: number;
  readonly media: Box;
  readonly handler: Box;
  /** The boxes around the sample entry, from the outside, the entry itself last. */
  readonly path: readonly Box[];
}

/** How many bytes the boxes take that are taken over from the reference: the joined film's head needs room for them. */
export async function mp4Room(reference: string, film: number): Promise<number> {
  const track = await readTrack(reference, film);
  if (!track) return 0;
  return entryBoxes(track)
    .filter((b) => TOLD.has(b.type))
    .reduce((sum, b) => sum + b.to - b.start, 0);
}

/**
 * Gives the film's track in an MP4 or MOV the boxes that plain ffmpeg writes into its sample entry and that FINAL,
 * which copies a stream that knows nothing of them, does not: mastering display, light level, Dolby Vision, stereo.
 * The room is that of a handler's name made longer for this, so nothing else in the file moves. `film`: place of the
 * film among the video tracks, from 0.
 */
export async function mendMp4(path: string, reference: string, film: number): Promise<Result<void, Problem>> {
  const [own, wanted] = [await readTrack(path, film), await readTrack(reference, film)];
  if (!own || !wanted) return fail({ what: "the film's track is not found in the head of the file" });
  const media = rebuild(own, wanted);
  const left = own.media.to - own.media.from - media.length;
  if (left !== 0 && left < 8) return fail({ what: "the film's head has no room for what plain ffmpeg writes there" });
  const space = left === 0 ? Buffer.alloc(0) : boxOf("free", [Buffer.alloc(left - 8)]);
  const changed = Buffer.concat([media, space]);
  const file = await open(path, "r+");
  try {
    await file.write(changed, 0, changed.length, own.offset + own.media.from);
  } finally {
    await file.close();
  }
  return ok(undefined);
}

/** What is inside `mdia`, with the handler of the reference and its boxes in the sample entry. */
function rebuild(own: Track, wanted: Track): Buffer {
  const [entry] = own.path.slice(-1);
  if (!entry) return Buffer.alloc(0);
  const told = entryBoxes(wanted).filter((b) => TOLD.has(b.type));
  const kept = entryBoxes(own).filter((b) => !TOLD.has(b.type));
  // They stand behind the decoder's configuration and the picture's shape, and before the bitrate.
  const last = kept.findLastIndex((b) => b.type !== "btrt") + 1;
  const boxes = [
    ...kept.slice(0, last).map((b) => own.bytes.subarray(b.start, b.to)),
    ...told.map((b) => wanted.bytes.subarray(b.start, b.to)),
    ...kept.slice(last).map((b) => own.bytes.subarray(b.start, b.to)),
  ];
  const fields = own.bytes.subarray(entry.from, entry.from + ENTRY_FIELDS);
  let inner = boxOf(entry.type, [fields, ...boxes]);
  let inside = entry;
  for (const around of own.path.slice(0, -1).reverse()) {
    const head = own.bytes.subarray(around.from, inside.start);
    inner = boxOf(around.type, [head, inner, own.bytes.subarray(inside.to, around.to)]);
    inside = around;
  }
  const handler = wanted.bytes.subarray(wanted.handler.start, wanted.handler.to);
  const parts: Buffer[] = [];
  for (const box of boxesIn(own.bytes, own.media.from, own.media.to)) {
    if (box.type === "hdlr") parts.push(handler);
    else if (box.start === inside.start) parts.push(inner);
    else parts.push(own.bytes.subarray(box.start, box.to));
  }
  return Buffer.concat(parts);
}

function entryBoxes(track: Track): Box[] {
  const entry = track.path.at(-1);
  return entry ? boxesIn(track.bytes, entry.from + ENTRY_FIELDS, entry.to) : [];
}

function boxOf(type: string, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const head = Buffer.alloc(8);
  head.writeUInt32BE(content.length + 8, 0);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, content]);
}

/** The boxes between two places, as far as they are whole; boxes of more than four gibibytes are not looked into. */
function boxesIn(bytes: Buffer, from: number, to: number): Box[] {
  const found: Box[] = [];
  for (let at = from; at + 8 <= to; ) {
    const size = bytes.readUInt32BE(at);
    if (size < 8 || at + size > to) break;
    found.push({ type: bytes.toString("latin1", at + 4, at + 8), start: at, from: at + 8, to: at + size });
    at += size;
  }
  return found;
}

async function readTrack(path: string, film: number): Promise<Track | undefined> {
  const file = await open(path, "r");
  try {
    const moov = await findMoov(file);
    if (!moov) return undefined;
    const tracks = boxesIn(moov.bytes, 8, moov.bytes.length).filter((b) => b.type === "trak");
    return tracks.flatMap((trak) => videoTrack(moov.bytes, moov.offset, trak) ?? [])[film];
  } finally {
    await file.close();
  }
}

function videoTrack(bytes: Buffer, offset: number, trak: Box): Track | undefined {
  const inside = (box: Box | undefined, type: string, fields = 0): Box | undefined =>
    box && boxesIn(bytes, box.from + fields, box.to).find((b) => b.type === type);
  const media = inside(trak, "mdia");
  const handler = inside(media, "hdlr");
  const minf = inside(media, "minf");
  const stbl = inside(minf, "stbl");
  const stsd = inside(stbl, "stsd");
  const entries = stsd ? boxesIn(bytes, stsd.from + TABLE_FIELDS, stsd.to) : [];
  const [entry] = entries;
  if (!media || !handler || !minf || !stbl || !stsd || !entry || entries.length > 1) return undefined;
  if (bytes.toString("latin1", handler.from + 8, handler.from + 12) !== "vide") return undefined;
  return { bytes, offset, media, handler, path: [minf, stbl, stsd, entry] };
}

/** The `moov` box of a file with its header, and where it stands. */
async function findMoov(file: FileHandle): Promise<{ readonly bytes: Buffer; readonly offset: number } | undefined> {
  const { size: end } = await file.stat();
  const head = Buffer.alloc(16);
  for (let at = 0; at + 8 <= end; ) {
    await file.read(head, 0, 16, at);
    const short = head.readUInt32BE(0);
    const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short === 0 ? end - at : short;
    if (size < 8) return undefined;
    if (head.toString("latin1", 4, 8) === "moov") {
      if (short < 8 || size > LARGEST_MOOV || at + size > end) return undefined;
      const bytes = Buffer.alloc(size);
      await file.read(bytes, 0, size, at);
      return { bytes, offset: at };
    }
    at += size;
  }
  return undefined;
}
