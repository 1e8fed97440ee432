import type { Machine } from "../plan/slots.js";
import { readMachine } from "./machine-text.js";
import { readSections } from "./sections.js";

/** A version of ffmpeg, and whether this program can use it. */
export interface FfmpegVersion {
  readonly name: string;
  /** 5.1 or later. */
  readonly isRecent: boolean;
}

/** What a worker answered to the probe; nothing in it is taken for granted. */
export interface ProbeText {
  /** Whether the script came to its end. */
  readonly complete: boolean;
  readonly ffmpegPath: string | undefined;
  /** Path, size and time of change of ffmpeg, in one line; empty where the system does not say. */
  readonly build: string;
  /** It is the build that is known, and was not asked. */
  readonly isKnown: boolean;
  readonly version: FfmpegVersion | undefined;
  readonly versionStatus: number | undefined;
  /** The first lines of what `-version` printed, for a message. */
  readonly versionWords: string;
  readonly encoders: ReadonlySet<string>;
  /** Processors, memory and NUMA nodes. */
  readonly machine: Machine;
  readonly numactl: boolean;
  /** ID and the words of ID_LIKE from os-release(5), then the kernel's name; lower case. */
  readonly system: readonly string[];
}

/** Reads the sections of the probe. */
export function parseProbe(stdout: string, mark: string): ProbeText {
  const sections = readSections(stdout, mark);
  const { values, lines } = sections;
  const status = Number(values.get("version-status") || Number.NaN);
  return {
    complete: values.has("end"),
    ffmpegPath: values.get("path") || undefined,
    build: values.get("build") ?? "",
    isKnown: values.has("known"),
    version: parseVersion(lines("version")),
    versionStatus: Number.isInteger(status) ? status : undefined,
    versionWords: lines("version").slice(0, 3).join("\n").slice(0, 500),
    encoders: parseCodecs(lines("encoders")),
    machine: readMachine(sections),
    numactl: lines("numactl").length > 0,
    system: parseSystem(lines("system")),
  };
}

/**
 * Reads `ffmpeg -version`. Builds from git carry no number ("N-109542-g…"): there the version of libavcodec
 * decides, 59.37 in ffmpeg 5.1 (its doc/APIchanges).
 */
export function parseVersion(lines: readonly string[]): FfmpegVersion | undefined {
  // Not always the first line: the loader may have warnings of its own to say.
  const name = lines.map((line) => /^ffmpeg version (\S+)/.exec(line)?.[1]).find((found) => found !== undefined);
  if (name === undefined) return undefined;
  const release = /^n?(\d{1,3})\.(\d{1,3})(?![\d])/.exec(name);
  if (release) return { name, isRecent: atLeast(release, 5, 1) };
  const library = lines.map((line) => /^libavcodec\s+(\d+)\.\s*(\d+)\./.exec(line)).find((match) => match !== null);
  return { name, isRecent: library !== undefined && atLeast(library, 59, 37) };
}

function atLeast(match: RegExpExecArray, major: number, minor: number): boolean {
  const found = Number(match[1]);
  return found > major || (found === major && Number(match[2]) >= minor);
}

/** Reads `ffmpeg -encoders` or `-decoders`: six columns of flags, of which the first is the kind of stream, then the name. */
export function parseCodecs(lines: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const line of lines) {
    const name = /^[VAS][F.][S.][X.][B.][D.]\s+([A-Za-z0-9_.-]+)(?:\s|$)/.exec(line)?.[1];
    if (name !== undefined) names.add(name);
  }
  return names;
}

/** Reads the kernel's name and the lines of os-release(5) behind it: ID, the words of ID_LIKE, the kernel; lower case. */
export function parseSystem(lines: readonly string[]): string[] {
  const [kernel = "", ...release] = lines;
  const value = (key: string): string =>
    release
      .find((line) => line.startsWith(`${key}=`))
      ?.slice(key.length + 1)
      .replace(/^["']|["']$/g, "") ?? "";
  return `${value("ID")} ${value("ID_LIKE")} ${kernel}`
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
}
