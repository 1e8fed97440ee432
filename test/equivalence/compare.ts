import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Ended, must, run, runCli, runFfmpeg, type StartOptions } from "./programs.js";

/** Is what distffmpeg wrote what plain ffmpeg would have written? Differences are sentences for people. */

export interface CompareOptions {
  /** True: every frame's pixels, by hash. False: a lossy film, whose size may differ by `loose`. */
  readonly lossless?: boolean;
  /** True: the film's packets, too, byte for byte. */
  readonly bytes?: boolean;
  /** How far sizes of a lossy film may be apart: 0.06 is six per cent. */
  readonly loose?: number;
  /** Films have the same frames as keyframes. */
  readonly keyframes?: boolean;
}

const STREAM_FIELDS = [
  ...["codec_type", "codec_name", "codec_tag_string", "profile", "width", "height", "pix_fmt", "sample_aspect_ratio"],
  ...["field_order", "color_range", "color_space", "color_transfer", "color_primaries", "chroma_location"],
  ...["r_frame_rate", "avg_frame_rate", "time_base", "start_time", "sample_fmt", "sample_rate", "channels"],
  ...["channel_layout", "disposition"],
] as const;

/** Tags that say when and by what a file was made, or sum up what is compared packet by packet. */
const SKIPPED_TAGS =
  /^(?:encoder|creation_time|modification_date|(?:file_package|material_package|reel)_umid|duration|bps|variant_bitrate|number_of_(?:frames|bytes)|_statistics_.*)(?:-\w+)?$/i;

interface Packet {
  readonly stream_index: number;
  readonly pts_time?: string;
  readonly dts_time?: string;
  readonly size: string;
  readonly data_hash: string;
  readonly flags: string;
}

type Fields = Readonly<Record<string, unknown>> & {
  readonly index?: number;
  readonly codec_type?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly side_data_list?: readonly Readonly<Record<string, unknown>>[];
};

interface Probe {
  readonly streams: readonly Fields[];
  readonly chapters: readonly Fields[];
  readonly format: Fields;
  readonly packets: readonly Packet[];
}

async function probe(file: string): Promise<Probe | undefined> {
  const packet = "packet=stream_index,pts_time,dts_time,size,data_hash,flags";
  const { code, stdout } = await run("ffprobe", [
    ...["-v", "error", "-show_streams", "-show_chapters", "-show_format", "-show_data_hash", "md5"],
    ...["-show_entries", packet, "-of", "json", `file:${file}`],
  ]);
  if (code !== 0) return undefined;
  const { streams = [], chapters = [], format = {}, packets = [] } = JSON.parse(stdout) as Partial<Probe>;
  return streams.length > 0 ? { streams, chapters, format, packets } : undefined;
}

/** Decodes the streams and gives each one's frames as hashes, in order. */
async function frameHashes(file: string, streams: readonly number[]): Promise<ReadonlyMap<number, readonly string[]>> {
  if (streams.length === 0) return new Map();
  const maps = streams.flatMap((index) => ["-map", `0:${index}`]);
  const { stdout } = await run("ffmpeg", [
    ...["-v", "error", "-nostdin", "-i", `file:${file}`, ...maps, "-fps_mode", "passthrough", "-f", "framemd5", "-"],
  ]);
  const hashes = new Map<number, string[]>(streams.map((index) => [index, []]));
  for (const line of stdout.split("\n")) {
    if (line.startsWith("#") || line.trim() === "") continue;
    const fields = line.split(",").map((field) => field.trim());
    hashes.get(streams[Number(fields[0])] ?? -1)?.push(fields.at(-1) ?? "");
  }
  return hashes;
}

/** All that differs between what plain ffmpeg wrote and what distffmpeg wrote in its place. */
export async function compareFiles(plain: string, ours: string, options: CompareOptions = {}): Promise<string[]> {
  const [a, b] = [await probe(plain), await probe(ours)];
  if (!a && !b) return compareField("bytes of what is no film", statSync(plain).size, statSync(ours).size);
  if (!a || !b) return [`to ffprobe only ${a ? "plain ffmpeg's" : "distffmpeg's"} is a film`];
  const types = (p: Probe): string => p.streams.map((s) => s.codec_type).join(" ");
  if (types(a) !== types(b)) return [`streams: ${types(a)} != ${types(b)}`];
  const differences: string[] = [];
  const lossless = options.lossless ?? true;
  const decoded = a.streams.flatMap((x, index) => {
    if (x.codec_type !== "audio" && !(x.codec_type === "video" && lossless)) return [];
    // The same bytes after the same headers are the same when they are decoded.
    const copied = x.extradata_hash === b.streams[index]?.extradata_hash && sameBytes(a, b, index);
    return copied ? [] : [index];
  });
  const [hashesA, hashesB] = [await frameHashes(plain, decoded), await frameHashes(ours, decoded)];
  for (const [index, x] of a.streams.entries()) {
    const found = compareStreams(x, b.streams[index] ?? {});
    const [packetsA, packetsB] = [packetsOf(a, index), packetsOf(b, index)];
    const film = x.codec_type === "video";
    found.push(...compareTimes(packetsA, packetsB, film ? "frames" : "packets"));
    if (film && options.keyframes) found.push(...compareField("keyframes", keyframes(packetsA), keyframes(packetsB)));
    if (film && !lossless) found.push(...compareSizes(packetsA, packetsB, options.loose ?? 0.06));
    if (film ? options.bytes === true : x.codec_type !== "audio") found.push(...compareBytes(packetsA, packetsB));
    found.push(...compareHashes(hashesA.get(index) ?? [], hashesB.get(index) ?? []));
    differences.push(...found.map((difference) => `#${index} ${difference}`));
  }
  const chapters = (p: Probe): unknown => p.chapters.map((c) => [c.start_time, c.end_time, tagsOf(c)]);
  differences.push(...compareField("chapters", chapters(a), chapters(b)));
  differences.push(...compareField("container", a.format.format_name, b.format.format_name));
  differences.push(...compareField("container tags", tagsOf(a.format), tagsOf(b.format)));
  const seconds = [a, b].map((p) => Number(p.format.duration));
  if (Math.abs((seconds[0] ?? 0) - (seconds[1] ?? 0)) > 0.05) differences.push(`duration ${seconds.join(" != ")}`);
  return differences;
}

function keyframes(packets: readonly Packet[]): unknown {
  return packets.flatMap(({ flags, pts_time }) => (flags.startsWith("K") ? [pts_time] : []));
}

function compareStreams(x: Fields, y: Fields): string[] {
  const differences = STREAM_FIELDS.flatMap((field) =>
    field === "avg_frame_rate" && nearRate(x[field], y[field]) ? [] : compareField(field, x[field], y[field]),
  );
  differences.push(...compareField("rotation", rotationOf(x), rotationOf(y)));
  differences.push(...compareField("tags", tagsOf(x), tagsOf(y)));
  // Films have headers of their own encoder's making; those of other streams are the content of an attachment, a style.
  if (x.codec_type !== "video") differences.push(...compareField("headers", x.extradata_hash, y.extradata_hash));
  return differences;
}

function compareField(name: string, x: unknown, y: unknown): string[] {
  return same(x, y) ? [] : [`${name} ${JSON.stringify(x)} != ${JSON.stringify(y)}`];
}

function same(x: unknown, y: unknown): boolean {
  return JSON.stringify(x) === JSON.stringify(y);
}

/** Containers that keep no rate of their own have it reckoned from the times, which they round. */
function nearRate(x: unknown, y: unknown): boolean {
  const value = (rate: unknown): number => {
    const [num = 0, den = 0] = String(rate).split("/").map(Number);
    return num / den;
  };
  return Math.abs(value(x) / value(y) - 1) < 2e-3;
}

function tagsOf({ tags = {} }: Fields): unknown {
  const kept = Object.entries(tags).filter(([key]) => !SKIPPED_TAGS.test(key));
  return Object.fromEntries(kept.map(([key, value]) => [key.toLowerCase(), value] as const).sort());
}

function rotationOf({ side_data_list: sideData = [] }: Fields): unknown {
  return sideData.find((data) => data.rotation !== undefined)?.rotation;
}

function packetsOf({ packets }: Probe, index: number): Packet[] {
  const time = (packet: Packet): number => Number(packet.pts_time ?? packet.dts_time);
  return packets.filter((p) => p.stream_index === index).sort((p, q) => time(p) - time(q));
}

function sameBytes(a: Probe, b: Probe, index: number): boolean {
  const hashes = (p: Probe): string[] => packetsOf(p, index).map((packet) => packet.data_hash);
  return same(hashes(a), hashes(b));
}

function compareTimes(a: readonly Packet[], b: readonly Packet[], what: string): string[] {
  const differ = a.flatMap((packet, at) => (packet.pts_time === b[at]?.pts_time ? [] : [at]));
  if (a.length === b.length && differ.length === 0) return [];
  const [first = a.length] = differ;
  const place = `the first time that differs is that of ${first}: ${a[first]?.pts_time} != ${b[first]?.pts_time}`;
  return [`${what} ${a.length} / ${b.length}, ${differ.length} times differ, ${place}`];
}

function compareSizes(a: readonly Packet[], b: readonly Packet[], loose: number): string[] {
  const bytes = (packets: readonly Packet[]): number => packets.reduce((sum, { size }) => sum + Number(size), 0);
  const ratio = bytes(b) / bytes(a);
  return Math.abs(ratio - 1) > loose
    ? [`bytes of video ${bytes(a)} / ${bytes(b)}, a ratio of ${ratio.toFixed(3)}`]
    : [];
}

function compareBytes(a: readonly Packet[], b: readonly Packet[]): string[] {
  const differ = a.filter((packet, at) => packet.data_hash !== b[at]?.data_hash);
  return differ.length > 0 ? [`the bytes of ${differ.length} of ${a.length} packets differ`] : [];
}

function compareHashes(a: readonly string[], b: readonly string[]): string[] {
  if (same(a, b)) return [];
  const differ = a.flatMap((hash, at) => (hash === b[at] ? [] : [at]));
  return [`what is decoded differs: ${differ.length} of ${a.length} / ${b.length}, the first is ${differ[0]}`];
}

export function sha(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** What `-df_summary` wrote. */
export interface Summary {
  readonly version: number;
  readonly route: "chunks" | "local" | null;
  readonly reason: string;
  readonly chunks: number;
  readonly frames: number;
  readonly seconds: number;
  readonly workers: readonly {
    readonly name: string;
    readonly chunks: number;
    readonly frames: number;
    readonly shared: number;
    readonly compared: number;
  }[];
  readonly retries: number;
  readonly doubled: number;
  readonly dropped: readonly { readonly name: string; readonly reason: string }[];
}

export function readSummary(file: string): Summary | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Summary) : undefined;
}

export interface BothOptions extends CompareOptions, StartOptions {
  /** Flags for distffmpeg alone. */
  readonly df?: readonly string[];
  /** Files to compare; all of them by default, and there must be the same ones. */
  readonly out?: readonly string[];
  /** Files that are compared as texts. */
  readonly texts?: RegExp;
  /** Those of them that are compared as films besides. */
  readonly films?: RegExp;
  /** What in these is not compared. */
  readonly blind?: RegExp;
  /** Finds more that differs between a file of plain ffmpeg's and the one in its place. */
  readonly inspect?: (plain: string, ours: string) => Promise<readonly string[]>;
  /** Done in each of the two folders before. */
  readonly prepare?: (folder: string) => void;
  /** Global options in front of both commands; by default none is asked about, and errors are all that is said. */
  readonly before?: readonly string[];
}

export interface Both {
  readonly plain: Ended;
  readonly ours: Ended;
  readonly differences: readonly string[];
  readonly summary: Summary | undefined;
}

/** Chunks so short that a film of a few seconds has several, all encoded on this machine. */
export const SHORT_CHUNKS = [
  ...["-df_workers=none", "-df_local_slots=2"],
  ...["-df_keyint_min=20", "-df_segment_frames=48", "-df_keyint_max=72"],
] as const;

/**
 * Runs plain ffmpeg and distffmpeg with the same arguments, each in a folder of its own (`{o}` in an argument, and the
 * working folder), and compares how they ended, what they said on standard output and what they wrote.
 */
export async function runBoth(args: readonly string[], options: BothOptions = {}): Promise<Both> {
  const base = mkdtempSync(join(tmpdir(), "distffmpeg-both-"));
  try {
    const { df = SHORT_CHUNKS, before = ["-y", "-v", "error", "-nostdin"], prepare, env = {} } = options;
    const words = (folder: string): string[] => args.map((arg) => arg.replaceAll("{o}", folder));
    const [plainFolder, ourFolder] = ["plain", "ours"].map((name) => {
      const folder = join(base, name);
      mkdirSync(folder);
      prepare?.(folder);
      return folder;
    }) as [string, string];
    const summaryFile = join(base, "summary.json");
    const work = join(base, "work");
    const homes = { HOME: base, XDG_CONFIG_HOME: base, XDG_STATE_HOME: base, XDG_CACHE_HOME: base, ...env };
    const plain = await runFfmpeg([...before, ...words(plainFolder)], { ...options, cwd: plainFolder, env: homes });
    const flags = [`-df_summary=${summaryFile}`, `-df_server_work_path=${work}`, ...df];
    const ours = await runCli([...flags, ...before, ...words(ourFolder)], { ...options, cwd: ourFolder, env: homes });
    const summary = readSummary(summaryFile);
    const differences = [
      ...compareEnds(plain, ours),
      ...(await compareFolders(plainFolder, ourFolder, options)),
      ...namesIn(work).map((file) => `left in the work folder: ${file}`),
    ];
    if (differences.some((difference) => difference.includes("what is decoded differs"))) {
      differences.push(`plain ffmpeg once more: ${await onceMore(plainFolder, ourFolder)}`);
    }
    return { plain, ours, differences, summary };

    /** Whose fault a difference is shows a second run of plain ffmpeg. */
    async function onceMore(first: string, ours: string): Promise<string> {
      const folder = join(base, "again");
      mkdirSync(folder);
      prepare?.(folder);
      await runFfmpeg([...before, ...words(folder)], { ...options, cwd: folder, env: homes });
      const same = async (other: string): Promise<boolean> =>
        (await compareFolders(other, folder, options)).length === 0;
      if (await same(first)) return "the same as before";
      return (await same(ours)) ? "another film than before, that of distffmpeg" : "another film than both";
    }
  } finally {
    rmSync(base, { recursive: true, force: true, maxRetries: 3 });
  }
}

function compareEnds(plain: Ended, ours: Ended): string[] {
  const how = ({ code, signal }: Ended): string => String(signal ?? code);
  const differences: string[] = [];
  if (how(plain) !== how(ours)) differences.push(`status ${how(plain)} != ${how(ours)}: ${ours.stderr.slice(-600)}`);
  if (plain.stdout !== ours.stdout) {
    differences.push(`standard output differs: ${plain.stdout.slice(0, 300)} != ${ours.stdout.slice(0, 300)}`);
  }
  return differences;
}

async function compareFolders(plain: string, ours: string, options: BothOptions): Promise<string[]> {
  const differences = options.out ? [] : compareField("files", filesIn(plain), filesIn(ours));
  for (const file of options.out ?? filesIn(plain)) {
    const [a, b] = [join(plain, file), join(ours, file)];
    if (!existsSync(a) && !existsSync(b)) continue;
    if (!existsSync(a) || !existsSync(b)) differences.push(`${file} is there only once`);
    else if (options.texts?.test(file)) {
      differences.push(...compareField(file, readText(a, options), readText(b, options)));
      if (options.films?.test(file)) differences.push(...(await compareFiles(a, b, options)));
    } else differences.push(...(await compareFiles(a, b, options)), ...((await options.inspect?.(a, b)) ?? []));
  }
  return differences;
}

function readText(file: string, { blind }: BothOptions): string {
  const text = readFileSync(file, "utf8");
  return blind ? text.replaceAll(blind, "") : text;
}

/** What is in a folder and below, sorted; nothing when there is no such folder. */
export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }).sort() : [];
}

/** The same without folders. */
export function filesIn(folder: string): string[] {
  return namesIn(folder).filter((name) => !statSync(join(folder, name), { throwIfNoEntry: false })?.isDirectory());
}

/** Makes a file with ffmpeg, quietly. */
export async function make(args: readonly string[]): Promise<void> {
  await must("ffmpeg", ["-y", "-v", "error", "-nostdin", ...args]);
}
