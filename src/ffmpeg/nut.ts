import { open } from "node:fs/promises";

/** Startcode of a syncpoint (libavformat/nut.h SYNCPOINT_STARTCODE). What stands before the first one is the header. */
const SYNCPOINT = Buffer.from("4e4be4adeeca4569", "hex");
const HEADER_LIMIT = 1024 * 1024;

/**
 * Where the packets of a NUT file begin; undefined when it is none. Files of the same streams, written by the same
 * build of ffmpeg, can be joined by leaving the header of all but the first away: every body begins with a syncpoint,
 * which carries the absolute time.
 */
export async function bodyOffset(path: string): Promise<number | undefined> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_LIMIT), 0, HEADER_LIMIT, 0);
    const at = buffer.subarray(0, bytesRead).indexOf(SYNCPOINT);
    return at === -1 ? undefined : at;
  } finally {
    await file.close();
  }
}
