import { basename, dirname, extname, resolve } from "node:path";
import { fileOptions, type OptionUse, type OutputFile } from "../../ffmpeg/command.js";
import { localPath } from "../local-path.js";
import { outputFolders, PATHS, streamingKind } from "../streaming.js";

/** Options that name a file of the output beside the one that is named by it: without a folder, or with `PATHS`' own. */
const NAMED = new Set([
  ...PATHS,
  ...["hls_fmp4_init_filename", "master_pl_name", "single_file_name", "init_seg_name", "media_seg_name"],
  "hls_master_name",
]);

/** Names that muxers give by themselves (libavformat/hlsenc.c, dashenc.c; 5.1 and 7.1). */
const OWN: Readonly<Record<string, RegExp>> = {
  hls: /^init(_[^/]+)?\.mp4$/,
  dash: /^((init|chunk)-stream[\w-]+\.(m4s|mp4|webm)|media_\d+\.m3u8|master\.m3u8)$/,
};

/**
 * Whether a command that writes this output may have made a file of such a path (absolute). What another machine says it
 * has made is put in place here by these names alone: among the user's files it is to touch none but the output's.
 */
export function fileNames(output: OutputFile): (path: string) => boolean {
  const kind = streamingKind(output);
  const options = fileOptions(output).filter((use) => NAMED.has(use.name));
  const [url, ...named] = [output.url, ...options.map((use: OptionUse) => use.value ?? "")].map((word) =>
    basename(localPath(word) ?? word),
  );
  const likes = [url ?? "", ...named].map((name) => like(name));
  const own = kind === undefined ? undefined : OWN[kind];
  if (kind === "hls" || kind === "dash") likes.push(beside(url ?? "", kind));
  const folders = outputFolders(output);
  return (path) => {
    const name = basename(path);
    const folder = dirname(resolve(path));
    const inside = folders.some((one) => folder === one || folder.startsWith(one === "/" ? one : `${one}/`));
    return inside && (likes.some((one) => one.test(name)) || own?.test(name) === true);
  };
}

/** A name with places for numbers, times and variants in it; more than one stream, and its name is made longer behind. */
function like(name: string): RegExp {
  const [stem, extension] = [name.slice(0, name.length - extname(name).length), extname(name)];
  return new RegExp(`^${source(stem)}(_[^/]+)?${source(extension)}$`, "s");
}

function source(template: string): string {
  return template
    .split(/(%%|%0?\d*[A-Za-z]|\$\$|\$[^$]*\$)/)
    .map((part, i) => {
      if (part === "%%" || part === "$$") return part === "%%" ? "%" : "\\$";
      return i % 2 === 1 ? "[^/]*" : part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    })
    .join("");
}

/** Segments, playlists and subtitles that are named after the playlist or manifest. */
function beside(name: string, kind: "hls" | "dash"): RegExp {
  const stem = source(name.slice(0, name.length - extname(name).length));
  const extensions = kind === "hls" ? "ts|m4s|mp4|vtt|m3u8" : "m4s|mp4|webm|m3u8";
  return new RegExp(`^${stem}(-stream)?[\\w-]*\\.(${extensions})$`, "s");
}
