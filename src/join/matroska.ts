import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { children, type Element, emptySpace } from "./ebml.js";

/** EBML element IDs (RFC 8794, RFC 9559). */
const CRC = 0xbf;
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const HEAD_BYTES = 4 * 1024 * 1024;

/**
 * What of a track depends on what the muxer is told beside the packets: Name, DefaultDuration, Video (with colours,
 * mastering display, light level, stereo mode, projection), BlockAdditionMapping and MaxBlockAdditionID (Dolby Vision).
 */
const TOLD: ReadonlySet<number> = new Set([0x536e, 0x23e383, 0xe0, 0x41e4, 0x55ee]);

interface Head {
  readonly bytes: Buffer;
  readonly tracks: Element;
  readonly entry: Element;
}

/** The elements inside another that end within it, as they do unless the file is damaged. */
function wholeChildren(bytes: Buffer, parent: Element): Element[] {
  return children(bytes, parent).filter((element) => element.to <= parent.to);
}

/** How many bytes the elements take that are taken over from the reference: the joined film's head needs room for them. */
export async function matroskaRoom(reference: string, track: number): Promise<number> {
  const head = await readHead(reference, track);
  if (!head) return 0;
  const told = wholeChildren(head.bytes, head.entry).filter((e) => TOLD.has(e.id));
  // Two more, so that what is left over is never too short for an element.
  return told.reduce((sum, e) => sum + e.to - e.start, 2);
}

/**
 * Gives the film's track in the head of a Matroska file what plain ffmpeg writes there. FINAL copies a stream that
 * knows nothing of mastering displays, stereo modes and the like, and ffmpeg 5.1 measures a frame duration of its own
 * on it (`-r` does not reach it when copying). The room is that of a title made longer for this; what is not needed
 * becomes empty space. `track`: place of the film among the tracks, from 0.
 */
export async function mendMatroska(path: string, reference: string, track: number): Promise<Result<void, Problem>> {
  const [own, wanted] = [await readHead(path, track), await readHead(reference, track)];
  if (!own || !wanted) return fail({ what: "the film's track is not found in the head of the file" });
  const parts = mergeTracks(own, wanted);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const space = emptySpace(own.entry.to - own.entry.from - length);
  if (!space) return fail({ what: "the film's head has no room for what plain ffmpeg writes there" });
  Buffer.concat([...parts, space]).copy(own.bytes, own.entry.from);
  const changed = own.bytes.subarray(own.tracks.from, own.tracks.to);
  writeChecksum(own);
  const file = await open(path, "r+");
  try {
    await file.write(changed, 0, changed.length, own.tracks.from);
  } finally {
    await file.close();
  }
  return ok(undefined);
}

/** The entry's elements in the reference's order: what the muxer is told from there, what it found out from the film. */
function mergeTracks(own: Head, wanted: Head): Buffer[] {
  const ownChildren = wholeChildren(own.bytes, own.entry).filter((e) => !TOLD.has(e.id) && e.id !== 0xec);
  const left = new Set(ownChildren);
  const parts: Buffer[] = [];
  for (const element of wholeChildren(wanted.bytes, wanted.entry)) {
    if (TOLD.has(element.id)) {
      parts.push(wanted.bytes.subarray(element.start, element.to));
      continue;
    }
    const same = [...left].find((e) => e.id === element.id);
    if (!same) continue;
    left.delete(same);
    parts.push(own.bytes.subarray(same.start, same.to));
  }
  for (const element of left) parts.push(own.bytes.subarray(element.start, element.to));
  // Copies: they are written over the bytes that they lie in.
  return parts.map((part) => Buffer.from(part));
}

/** The checksum that libavformat/matroskaenc.c puts first among the tracks: of all that follows it there. */
function writeChecksum({ bytes, tracks }: Head): void {
  const first = children(bytes, tracks)[0];
  if (first?.id !== CRC || first.to - first.from !== 4) return;
  bytes.writeUInt32LE(crc32(bytes.subarray(first.to, tracks.to)), first.from);
}

async function readHead(path: string, track: number): Promise<Head | undefined> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const segment = children(bytes, { from: 0, to: bytes.length }).find((e) => e.id === SEGMENT);
    const tracks = segment && children(bytes, segment).find((e) => e.id === TRACKS);
    const entry = tracks && wholeChildren(bytes, tracks).filter((e) => e.id === TRACK_ENTRY)[track];
    return tracks && entry && tracks.to <= bytes.length ? { bytes, tracks, entry } : undefined;
  } finally {
    await file.close();
  }
}
