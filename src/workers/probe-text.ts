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
  readonly version: FfmpegVersion | undefined;
  readonly versionStatus: number | undefined;
  /** The first lines of what `-version` printed, for a message. */
  readonly versionWords: string;
  readonly encoders: ReadonlySet<string>;
  readonly cores: number;
  readonly numactl: boolean;
  /** ID and the words of ID_LIKE from os-release(5), then the kernel's name; lower case. */
  readonly system: readonly string[];
}

/** What a script on a worker has said, section by section. */
export interface Sections {
  /** What stands behind a section's name. */
  readonly values: ReadonlyMap<string, string>;
  /** The lines of a section, trimmed, without empty ones; none where there is no such section. */
  readonly lines: (name: string) => readonly string[];
}

/** Parts what a script has said; each section begins with a line of `mark`, its name, and perhaps a value. */
export function readSections(stdout: string, mark: string): Sections {
  const values = new Map<string, string>();
  const sections = new Map<string, string[]>();
  let current: string[] = [];
  for (const line of stdout.split(/\r?\n/)) {
    if (!line.startsWith(mark)) {
      current.push(line);
      continue;
    }
    const [, name = "", value = ""] = /^(\S*)\s*(.*)$/.exec(line.slice(mark.length)) ?? [];
    values.set(name, value.trim());
    current = [];
    sections.set(name, current);
  }
  const lines = (name: string): string[] =>
    (sections.get(name) ?? []).map((line) => line.trim()).filter((line) => line !== "");
  return { values, lines };
}

/** Reads the sections of the probe. */
export function parseProbe(stdout: string, mark: string): ProbeText {
  const { values, lines } = readSections(stdout, mark);
  const status = Number(values.get("version-status") || Number.NaN);
  const cores = Number(lines("cores")[0]);
  return {
    complete: values.has("end"),
    ffmpegPath: values.get("path") || undefined,
    version: parseVersion(lines("version")),
    versionStatus: Number.isInteger(status) ? status : undefined,
    versionWords: lines("version").slice(0, 3).join("\n").slice(0, 500),
    encoders: parseCodecs(lines("encoders")),
    cores: Number.isInteger(cores) && cores > 0 && cores <= 65536 ? cores : 1,
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

function parseSystem(lines: readonly string[]): string[] {
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
