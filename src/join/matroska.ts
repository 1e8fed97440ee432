import { open } from "node:fs/promises";
import { fail, ok, type Problem, type Result } from "../lib/result.js";

/** EBML element IDs (RFC 9559). */
const SEGMENT = 0x18538067;
const TRACKS = 0x1654ae6b;
const TRACK_ENTRY = 0xae;
const DEFAULT_DURATION = 0x23e383;
const HEAD_BYTES = 4 * 1024 * 1024;

interface Element {
  readonly id: number;
  /** Where the data begin, and end. */
  readonly from: number;
  readonly to: number;
}

/**
 * Writes the film's frame duration into the head of a Matroska file as plain ffmpeg has it there. ffmpeg 5.1 takes it
 * from the average rate it measured on the stream it copies, rounds that to a usual rate, and cannot be told another
 * (`-r` does not reach it when copying). `track`: place of the film among the tracks, from 0.
 */
export async function matchFrameDuration(
  path: string,
  reference: string,
  track: number,
): Promise<Result<void, Problem>> {
  const wanted = await frameDuration(reference, track);
  const file = await open(path, "r+");
  try {
    const head = await readHead(file);
    const entry = trackEntry(head, track);
    const own = entry && children(head, entry).find((e) => e.id === DEFAULT_DURATION);
    const same = own && wanted && head.subarray(own.from, own.to).equals(wanted);
    if (same || (!own && !wanted)) return ok(undefined);
    if (!own || !wanted || own.to - own.from !== wanted.length) {
      return fail({ what: "the film's frame duration cannot be written as plain ffmpeg writes it" });
    }
    await file.write(wanted, 0, wanted.length, own.from);
    return ok(undefined);
  } finally {
    await file.close();
  }
}

async function frameDuration(path: string, track: number): Promise<Buffer | undefined> {
  const file = await open(path, "r");
  try {
    const head = await readHead(file);
    const entry = trackEntry(head, track);
    const found = entry && children(head, entry).find((e) => e.id === DEFAULT_DURATION);
    return found && head.subarray(found.from, found.to);
  } finally {
    await file.close();
  }
}

async function readHead(file: Awaited<ReturnType<typeof open>>): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return buffer.subarray(0, bytesRead);
}

function trackEntry(head: Buffer, track: number): Element | undefined {
  const top: Element = { id: 0, from: 0, to: head.length };
  const segment = children(head, top).find((e) => e.id === SEGMENT);
  const tracks = segment && children(head, segment).find((e) => e.id === TRACKS);
  return tracks && children(head, tracks).filter((e) => e.id === TRACK_ENTRY)[track];
}

/** The elements inside another, as far as they lie in the head; stops at the first byte that is no EBML. */
function children(head: Buffer, parent: Element): Element[] {
  const found: Element[] = [];
  for (let at = parent.from; at < Math.min(parent.to, head.length); ) {
    const id = variableInt(head, at, false);
    const size = id && variableInt(head, at + id.length, true);
    if (!id || !size) break;
    const from = at + id.length + size.length;
    // All ones: a size that was not known when the element was begun.
    const unknown = size.value === 2 ** (7 * size.length) - 1;
    const to = unknown ? parent.to : from + size.value;
    found.push({ id: id.value, from, to });
    at = to;
  }
  return found;
}

function variableInt(head: Buffer, at: number, masked: boolean): { value: number; length: number } | undefined {
  const first = head[at];
  if (first === undefined || first === 0) return undefined;
  const length = Math.clz32(first) - 23;
  if (at + length > head.length) return undefined;
  let value = masked ? first & (0xff >> length) : first;
  for (let i = 1; i < length; i++) value = value * 256 + (head[at + i] ?? 0);
  return { value, length };
}
