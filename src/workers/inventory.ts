import { fail, ok, type Result } from "../lib/result.js";
import { parseCodecs, parseVersion } from "./probe-text.js";
import { readSections } from "./sections.js";
import type { Session, TransportFailure } from "./transport.js";

/** All that an ffmpeg was built with, by the names that its options take. */
export interface Inventory {
  /** As ffmpeg writes its version: "5.1.9-0+deb12u1". */
  readonly version: string;
  readonly encoders: ReadonlySet<string>;
  readonly decoders: ReadonlySet<string>;
  readonly filters: ReadonlySet<string>;
  readonly muxers: ReadonlySet<string>;
  readonly demuxers: ReadonlySet<string>;
  /** Ways to decode on a device that it was built with; whether the device is there is another matter. */
  readonly hwaccels: ReadonlySet<string>;
}

const KINDS = ["encoders", "decoders", "filters", "muxers", "demuxers", "hwaccels"] as const;

/** The kinds of things that an inventory lists. */
export type InventoryKind = (typeof KINDS)[number];

const MARK = "@distffmpeg ";
const WITHIN = 30_000;

/** A section a kind, behind a line of the mark; `$1` is the ffmpeg to ask. */
const SCRIPT = [
  `echo "${MARK}version"; "$1" -hide_banner -version </dev/null 2>/dev/null`,
  ...KINDS.map((kind) => `echo; echo "${MARK}${kind}"; "$1" -hide_banner -${kind} </dev/null 2>/dev/null`),
].join("; ");

/** Asks a machine, in one round trip, for all that its ffmpeg has. Empty sets where ffmpeg says nothing. */
export async function takeInventory(session: Session, ffmpegBin: string): Promise<Result<Inventory, TransportFailure>> {
  const asked = await session.run(["sh", "-c", SCRIPT, "sh", ffmpegBin], { signal: AbortSignal.timeout(WITHIN) });
  if (!asked.ok) return fail(asked.failure);
  return ok(readInventory(asked.value.stdout));
}

/**
 * Reads the lists (fftools/opt_common.c show_encoders, show_filters, show_formats; 5.1 and 7.1): a column of flags, then
 * the name; of formats the names that share a line. Pure.
 */
export function readInventory(stdout: string): Inventory {
  const { lines } = readSections(stdout, MARK);
  const names = (kind: InventoryKind, pattern: RegExp): ReadonlySet<string> =>
    new Set(lines(kind).flatMap((line) => pattern.exec(line)?.[1]?.split(",") ?? []));
  const format = /^(?:DE|D|E) ?d? +([\w.,-]+)(?: |$)/;
  return {
    version: parseVersion(lines("version"))?.name ?? "",
    encoders: parseCodecs(lines("encoders")),
    decoders: parseCodecs(lines("decoders")),
    filters: names("filters", /^[T.][S.][C.]? (\w+) +\S+->\S+/),
    muxers: names("muxers", format),
    demuxers: names("demuxers", format),
    hwaccels: names("hwaccels", /^(\w+)$/),
  };
}
