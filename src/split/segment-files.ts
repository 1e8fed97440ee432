import { open } from "node:fs/promises";
import { join } from "node:path";
import { beginsAnew } from "../ffmpeg/nal.js";
import { bodyOffset } from "../ffmpeg/nut.js";
import { concatenate, type FilePart } from "../lib/concatenate.js";

/** How much of a segment is searched for what its first packet says: the encoder's signature, the kind of picture. */
const HEAD_BYTES = 64 * 1024;

/** A run of segments, from and to inclusive. */
interface Segments {
  readonly firstSegment: number;
  readonly lastSegment: number;
}

/** Where PRE writes a segment. */
export function segmentPath(folder: string, index: number): string {
  return join(folder, `g${String(index).padStart(6, "0")}.nut`);
}

/**
 * Makes one NUT file of segments, the header of the first and the bodies of all, and gives its size in bytes. Throws what the
 * file system has to say, and when the file is there already.
 */
export async function gather(folder: string, { firstSegment, lastSegment }: Segments, to: string): Promise<number> {
  const parts: FilePart[] = [];
  for (let i = firstSegment; i <= lastSegment; i++) {
    const path = segmentPath(folder, i);
    const start = i === firstSegment ? 0 : await bodyOffset(path);
    if (start === undefined) throw new Error(`segment ${i} is no NUT file`);
    parts.push({ path, start });
  }
  return concatenate(parts, to, "wx");
}

/** Whether no frame of a segment is shown before its keyframe, as far as that is known of a codec. */
export async function isWhole(codec: string | undefined, path: string): Promise<boolean> {
  if (codec !== "h264" && codec !== "hevc") return true;
  const start = await bodyOffset(path);
  return start !== undefined && beginsAnew(codec, await readHead(path, start));
}

/** x264's build, where the first packet of a segment names one. */
export async function x264BuildOf(path: string): Promise<number | undefined> {
  const [, build] = /x264 - core (\d+)/.exec((await readHead(path, 0)).toString("latin1")) ?? [];
  return build === undefined ? undefined : Number(build);
}

async function readHead(path: string, from: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
