import { createDecipheriv } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileOptions, lastOption, type OutputFile } from "../ffmpeg/command.js";
import { fail, ok, type Result } from "../lib/result.js";
import { dashNames, isShortened, listsAll, placeIn, playlistOf, streamingKind, variantsOf } from "../plan/streaming.js";
import { filesInTree, isList } from "./tree.js";

/** One of an output's films: by its order among these, and its stream. */
export interface FilmPlace {
  readonly film: number;
  readonly stream: number;
}

/** A file of a film, or what a playlist says of it. */
export interface Segment {
  readonly path: string;
  /** AES-128 (RFC 8216, 4.3.2.4), where it is encrypted: 16 bytes each. */
  readonly secret?: { readonly key: Buffer; readonly iv: Buffer };
}

/** The files in which one of the films of HLS or DASH lies; put together they are a file that says all of itself. */
export interface FilmSegments {
  /** In the film's order; a head that all need comes first. */
  readonly parts: readonly Segment[];
  /** The first of them have been removed again: what is left is the film's end. */
  readonly shortened: boolean;
}

/** An output of HLS or DASH as it is written: the playlist or manifest that it names, and the folder in which all files are. */
export interface ListedOutput {
  readonly list: string;
  readonly tree: string;
}

/** Finds the files of one of the output's films; fails with what the file system has to say. */
export async function filmSegments(
  output: OutputFile,
  place: FilmPlace,
  listed: ListedOutput,
): Promise<Result<FilmSegments, string>> {
  try {
    return ok(await findSegments(output, place, listed));
  } catch (error) {
    return fail(`its segments cannot be read: ${String(error)}`);
  }
}

async function findSegments(
  output: OutputFile,
  { film, stream }: FilmPlace,
  { list, tree }: ListedOutput,
): Promise<FilmSegments> {
  const shortened = isShortened(output);
  const files = (await filesInTree(tree)).filter((file) => !isList(file));
  if (streamingKind(output) === "dash") {
    const { head, segment } = dashNames(output, stream);
    const own = files.filter((file) => dirname(file) === dirname(list));
    const parts = [head, segment].flatMap((like) => own.filter((file) => like.test(basename(file))));
    return { parts: parts.map((path) => ({ path })), shortened };
  }
  const own = variantsOf(output) ? placeIn(tree, playlistOf({ ...output, url: list.slice(tree.length) }, film)) : list;
  const playlist = readPlaylist(await readFile(own, "utf8").catch(() => ""));
  // Playlists name segments without their folders, and may have a base in front of them.
  const beside = byName(files.filter((file) => dirname(file) === dirname(own)));
  const anywhere = byName(files);
  const named = (uri: string): string | undefined => beside.get(basename(uri)) ?? anywhere.get(basename(uri));
  const heads = [...new Set(playlist.heads.flatMap((uri) => named(uri) ?? []))];
  if (!variantsOf(output) && !listsAll(output)) {
    const segments = files.filter((file) => !heads.includes(file) && !SUBTITLES.test(file));
    return { parts: [...heads, ...segments].map((path) => ({ path })), shortened };
  }
  const key = await readKey(output);
  const parts = new Map<string, Segment>(heads.map((path) => [path, { path }]));
  for (const { uri, iv } of playlist.segments) {
    const path = named(uri);
    // Those of an earlier run, which are added to, lie elsewhere; one file may hold several.
    if (path === undefined || parts.has(path)) continue;
    parts.set(path, key && iv ? { path, secret: { key, iv } } : { path });
  }
  return { parts: [...parts.values()], shortened };
}

/** Segments of subtitles, which have a playlist of their own (libavformat/hlsenc.c). */
const SUBTITLES = /\.vtt$/;

function byName(files: readonly string[]): ReadonlyMap<string, string> {
  return new Map(files.map((file) => [basename(file), file]));
}

export interface Playlist {
  readonly heads: readonly string[];
  readonly segments: readonly { readonly uri: string; readonly iv: Buffer | undefined }[];
}

/** Reads what a playlist (RFC 8216) says of its files. */
export function readPlaylist(text: string): Playlist {
  const heads: string[] = [];
  const segments: { uri: string; iv: Buffer | undefined }[] = [];
  let number = 0n;
  let encrypted = false;
  let told: string | undefined;
  for (const line of text.split("\n").map((word) => word.trim())) {
    const [, tag, value = ""] = /^#(EXT-X-[A-Z-]+):(.*)$/.exec(line) ?? [];
    if (tag === "EXT-X-MEDIA-SEQUENCE") number = BigInt(/^\d+$/.exec(value)?.[0] ?? 0);
    else if (tag === "EXT-X-MAP") heads.push(/URI="([^"]*)"/.exec(value)?.[1] ?? "");
    else if (tag === "EXT-X-KEY") {
      encrypted = /METHOD=AES-128/.test(value);
      told = /IV=0x([0-9A-F]+)/i.exec(value)?.[1];
    } else if (line !== "" && !line.startsWith("#")) {
      // Without one it is the segment's number (5.2).
      const iv = (told ?? number.toString(16)).padStart(32, "0");
      segments.push({ uri: line, iv: encrypted ? Buffer.from(iv, "hex") : undefined });
      number++;
    }
  }
  return { heads, segments };
}

/** The key of an encrypted output: the file of 16 bytes that the second line of `-hls_key_info_file` names. */
async function readKey(output: OutputFile): Promise<Buffer | undefined> {
  const about = lastOption(fileOptions(output), "hls_key_info_file")?.value;
  if (about === undefined) return undefined;
  const [, path = ""] = (await readFile(about, "utf8")).split(/\r?\n/);
  return readFile(path);
}

/** The bytes of the segments, one after another and in clear. */
export function readSegments(parts: readonly Segment[]): Readable {
  return Readable.from(bytesOf(parts), { objectMode: false });
}

async function* bytesOf(parts: readonly Segment[]): AsyncGenerator<Buffer> {
  for (const { path, secret } of parts) {
    const file = createReadStream(path);
    const clear = secret ? file.pipe(createDecipheriv("aes-128-cbc", secret.key, secret.iv)) : file;
    if (secret) file.once("error", (error) => clear.destroy(error));
    for await (const block of clear) yield block as Buffer;
  }
}

/** So many segments show what is in them all; of a head, which is short, the film may begin in any. */
const SHOWN = 8;

/** Writes the film's first segments into one file, which shows what its streams are like. */
export async function writeBeginning({ parts }: FilmSegments, path: string): Promise<Result<void, string>> {
  try {
    await pipeline(readSegments(parts.slice(0, SHOWN)), createWriteStream(path, { mode: 0o600 }));
    return ok(undefined);
  } catch (error) {
    return fail(`its segments cannot be read: ${String(error)}`);
  }
}
