import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

/** A file, or the bytes of it from `start` up to but not including `end`. */
export interface FilePart {
  readonly path: string;
  readonly start?: number;
  readonly end?: number;
}

const BLOCK_BYTES = 1 << 20;

/**
 * Writes the parts one after another into a file that only its owner may read, block by block, and gives its size in
 * bytes. With the flag `wx` the file must not be there yet. Throws what the file system has to say.
 */
export async function concatenate(parts: readonly FilePart[], to: string, flag: "w" | "wx" = "w"): Promise<number> {
  const target = await open(to, flag, 0o600);
  let bytes = 0;
  try {
    for (const { path, start = 0, end = Number.POSITIVE_INFINITY } of parts) {
      if (end <= start) continue;
      for await (const block of createReadStream(path, { start, end: end - 1, highWaterMark: BLOCK_BYTES })) {
        bytes += (await target.write(block as Buffer)).bytesWritten;
      }
    }
  } finally {
    await target.close();
  }
  return bytes;
}
