import { resolve } from "node:path";
import { fileOptions, lastOption, type OutputFile } from "../ffmpeg/command.js";
import { makeOption } from "../ffmpeg/options.js";
import { escapeToken, readToken } from "../ffmpeg/token.js";
import { fail, ok, type Result } from "../lib/result.js";
import { localPath } from "./local-path.js";
import { streamingKind, streamingReason } from "./streaming.js";
import { table } from "../lib/table.js";

/** Whether an output is written to several places by one muxer (libavformat/tee.c). */
export function isTee(output: OutputFile): boolean {
  return lastOption(fileOptions(output), "f")?.value === "tee";
}

/**
 * The files of an output: itself, or what a tee is written to, as ffmpeg calls them its slaves. Theirs are the options
 * that stand in brackets before each, `f` among them, as if they had been given on the command line.
 */
export function filesOf(output: OutputFile): readonly OutputFile[] {
  if (!isTee(output)) return [output];
  const slaves = parseTee(output.url);
  return slaves.ok ? slaves.value : [];
}

/** Reads what stands as a tee's name: `[f=mp4:movflags=faststart]a.mp4|b.mkv` (libavformat/tee.c tee_write_header). */
export function parseTee(text: string): Result<readonly OutputFile[], string> {
  const slaves: OutputFile[] = [];
  for (let at = 0; at < text.length; ) {
    const { value, end } = readToken(text, at, "|");
    const slave = readSlave(value);
    if (!slave.ok) return slave;
    slaves.push(slave.value);
    at = end + 1;
  }
  return slaves.length > 0 ? ok(slaves) : fail("it names no file");
}

/** One of them without the protection that it needs among others (libavformat/tee_common.c ff_tee_parse_slave_options). */
function readSlave(text: string): Result<OutputFile, string> {
  if (!text.startsWith("[")) return ok({ url: text, options: [] });
  const options: OutputFile["options"][number][] = [];
  let at = 1;
  if (text.charAt(at) === "]") return ok({ url: text.slice(2), options });
  while (at < text.length) {
    const [all, name] = /^\s*([\w./-]+)\s*=/.exec(text.slice(at)) ?? [];
    if (all === undefined || name === undefined) break;
    const { value, end } = readToken(text, at + all.length, ":]");
    options.push(makeOption(`-${name}`, value));
    if (text.charAt(end) === "]") return ok({ url: text.slice(end + 1), options });
    at = end + 1;
  }
  return fail(`its options cannot be read: ${text}`);
}

/** The name of a tee to these files; reading it gives them again. */
export function printTee(slaves: readonly OutputFile[]): string {
  return slaves
    .map(({ url, options }) => {
      const pairs = options.map(({ flag, value = "" }) => `${flag.slice(1)}=${escapeToken(value, ":]")}`);
      return escapeToken(`[${pairs.join(":")}]${url}`, "|");
    })
    .join("|");
}

/** Muxers to which a tee is proven, by their names and the extensions that lead to them. */
const MUXERS: Readonly<Record<string, string>> = table({
  matroska: "matroska",
  mkv: "matroska",
  webm: "webm",
  mp4: "mp4",
  mov: "mov",
  mpegts: "mpegts",
  ts: "mpegts",
  nut: "nut",
  flv: "flv",
});

/** The container of one of a tee's files, for those without a reason not to be split (`teeReason`). */
export function muxerOf(slave: OutputFile): string {
  return slaveMuxer(slave) ?? streamingKind(slave) ?? "";
}

function slaveMuxer({ url, options }: OutputFile): string | undefined {
  return MUXERS[lastOption(options, "f")?.value ?? /\.(\w+)$/.exec(url)?.[1]?.toLowerCase() ?? ""];
}

/** What is the tee muxer's own among a slave's options, and not handed on; whether a joined film may go with it. */
const OWN: Readonly<Record<string, RegExp | undefined>> = table({
  onfail: /^abort$/,
  use_fifo: /^(0|false)$/,
  select: undefined,
  fifo_options: undefined,
});

/** Why a tee cannot be made of a joined film, as far as its words tell. */
export function teeReason(output: OutputFile): string | undefined {
  const slaves = parseTee(output.url);
  if (!slaves.ok) return `-f tee is not understood: ${slaves.failure}`;
  for (const slave of slaves.value) {
    const reason = slaveReason(slave);
    if (reason !== undefined) return `-f tee to ${slave.url}: ${reason}`;
  }
  const paths = slaves.value.map(({ url }) => resolve(localPath(url) ?? url));
  return new Set(paths).size < paths.length ? "-f tee to one file twice" : undefined;
}

function slaveReason(slave: OutputFile): string | undefined {
  const own = slave.options.find(({ flag, name, value }) =>
    name in OWN ? OWN[name]?.test(value ?? "") !== true : /^-(bsfs|\/)/.test(flag),
  );
  if (own) return `${own.flag.slice(1)}=${own.value ?? ""} is not split`;
  const path = localPath(slave.url);
  if (path === undefined || path === "-") return "it is no local file";
  const kind = streamingKind(slave);
  if (kind === "dash") return "DASH is not split there";
  if (kind !== undefined) return streamingReason(slave, kind);
  return slaveMuxer(slave) === undefined ? "its container is not proven there" : undefined;
}
