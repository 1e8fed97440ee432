import { basename, dirname, join, resolve } from "node:path";
import { fileOptions, type InputFile, lastOption, type OptionUse } from "../../ffmpeg/command.js";
import { localPath } from "../local-path.js";
import { isDeviceFormat } from "../route.js";
import { bound, type Cargo, folderTyped } from "./cargo.js";
import { moveGraph } from "./filters.js";
import type { Needs } from "./needs.js";

/** Files that are nothing without others that they name, in ways that are not followed. */
const LEADS_ELSEWHERE = /\.(m3u8?|mpd|sdp|avs|vpy|ifo|cue|xml)$/i;

/** Demuxers that go from the file they are given to others (libavformat). */
const FOLLOWERS = new Set(["hls", "dash", "imf", "avisynth", "vapoursynth", "dvdvideo", "sdp", "tee"]);

/** An input as the worker is given it. Throws `Bound`. */
export function moveInput(input: InputFile, cargo: Cargo, needs: Needs): InputFile {
  const options = fileOptions(input);
  const format = lastOption(options, "f")?.value;
  const dumped = options.find((use) => use.name === "dump_attachment");
  if (dumped) bound(`${dumped.flag} writes files of its own`);
  if (format === "lavfi") return { ...input, url: moveGraph(input.url, cargo, needs) };
  if (format !== undefined && isDeviceFormat(format)) bound(`-f ${format} is a device of this machine`);
  if (format !== undefined && FOLLOWERS.has(format)) bound(`-f ${format} leads to further files`);
  const path = localPath(input.url);
  if (path === "-") return input;
  if (path === undefined) return bound(`${input.url} is no local file`);
  const prefix = input.url.slice(0, input.url.length - path.length);
  return { ...input, url: `${prefix}${movePath(path, format, options, cargo)}` };
}

function movePath(path: string, format: string | undefined, options: readonly OptionUse[], cargo: Cargo): string {
  const sequence = sequencePattern(path, format, options, cargo);
  if (sequence) {
    const name = cargo.readFolder(dirname(path), folderTyped(path), (file) => sequence.test(file));
    return join(name, basename(path));
  }
  if (cargo.files.kind(path) !== "file") return bound(`${path} is no ordinary file`);
  if (LEADS_ELSEWHERE.test(path)) return bound(`${path} leads to further files`);
  if (format === "concat" || /\.ffconcat$/i.test(path)) return moveList(path, options, cargo);
  // Its pictures lie beside its index (libavformat/mpeg.c vobsub_read_header).
  if (/\.idx$/i.test(path)) {
    const stem = basename(path).slice(0, -"idx".length);
    const name = cargo.readFolder(dirname(path), folderTyped(path), (file) => file.startsWith(stem));
    return join(name, basename(path));
  }
  return cargo.read(path);
}

/** What the names of a sequence of pictures look like; undefined for one file (libavformat/img2dec.c). */
function sequencePattern(
  path: string,
  format: string | undefined,
  options: readonly OptionUse[],
  cargo: Cargo,
): RegExp | undefined {
  if (format !== undefined && format !== "image2") return undefined;
  const type = lastOption(options, "pattern_type")?.value;
  const name = basename(path);
  const plain = (text: string): string => text.replace(/[^\w]/g, "\\$&");
  if (type === "glob") {
    if (/[*?[\]{}\\]/.test(dirname(path)) || /[[\]{}\\]/.test(name)) bound(`${path} is a pattern that is not followed`);
    return new RegExp(
      `^${name
        .split(/([*?])/)
        .map((part) => (part === "*" ? ".*" : part === "?" ? "." : plain(part)))
        .join("")}$`,
    );
  }
  if (type !== undefined && type !== "sequence") return undefined;
  if (!/%\d*d/.test(path) || cargo.files.kind(path) === "file") return undefined;
  if (/%/.test(dirname(path))) bound(`${path} is a pattern that is not followed`);
  return new RegExp(`^${name.split(/%\d*d/).map(plain).join("\\d+")}$`);
}

/** A list of films with its members, which it names from where it stands (libavformat/concatdec.c). */
function moveList(path: string, options: readonly OptionUse[], cargo: Cargo): string {
  const text = cargo.files.text(path);
  if (text === undefined) return bound(`${path} cannot be read`);
  const unsafe = lastOption(options, "safe")?.value === "0";
  const members = text.split(/\r?\n/).map((line) => ({ line, member: memberOf(line, path) }));
  const whole = (member: string): string => (member.startsWith("/") ? member : join(dirname(path), member));
  for (const { member } of members) {
    if (member === undefined) continue;
    if (localPath(member) !== member || cargo.files.kind(whole(member)) !== "file") {
      bound(`${path} names ${member}, which is no ordinary file`);
    }
    // ffmpeg refuses such, and has to be asked under the user's own names (concatdec.c safe_filename).
    if (!unsafe && !/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(member)) bound(`${path} names ${member}, which is not safe`);
  }
  const relative = members.every(({ member }) => member === undefined || !member.startsWith("/"));
  const all = [path, ...members.flatMap(({ member }) => (member === undefined ? [] : [whole(member)]))];
  if (relative && all.every((file) => cargo.share(resolve(file)) !== undefined)) return cargo.read(path);
  const folder = cargo.folder(folderTyped(path));
  const moved = new Map<string, string>();
  const lines = members.map(({ line, member }) => {
    if (member === undefined) return line;
    let name = moved.get(member);
    if (name === undefined) {
      const own = cargo.folder(
        member.startsWith("/") ? folderTyped(member) : folderTyped(path) + folderTyped(member),
        `${folder}/`,
      );
      cargo.freight.push({ name: join(own, basename(member)), path: whole(member) });
      name = join(own.slice(folder.length + 1), basename(member));
      moved.set(member, name);
    }
    return `file '${name}'`;
  });
  const name = join(folder, basename(path));
  cargo.freight.push({ name, text: lines.join("\n") });
  return name;
}

/** The member that a line of a list names; undefined for other lines. */
function memberOf(line: string, list: string): string | undefined {
  const [, quoted, bare] = /^\s*file\s+(?:'([^'\\]*)'|([^\s'"\\]+))\s*$/.exec(line) ?? [];
  const member = quoted ?? bare;
  if (member === undefined && /^\s*file\s/.test(line)) bound(`a line of ${list} is not understood: ${line.trim()}`);
  return member;
}
