import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import type { Command } from "../ffmpeg/command.js";
import { fileOptions, lastOption } from "../ffmpeg/command.js";
import { type GraphInput, readLogLine, type StreamMapping } from "../ffmpeg/log.js";
import { type MediaInfo, readProbe } from "../ffmpeg/media.js";
import { parseStatLine } from "../ffmpeg/progress.js";
import { runLocal, startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { Reference } from "../plan/film.js";
import type { Generation } from "../plan/frame-clock.js";
import type { Findings } from "../plan/prepare.js";
import { rehearsalArgs } from "../plan/stages.js";

/** What the host's programs and the job's folder are. */
export interface HostTools {
  readonly ffmpeg: string;
  readonly ffprobe: string;
  readonly folder: string;
  /** A fresh reader of standard input for each stage that reads it. */
  readonly stdin: (() => Readable) | undefined;
  readonly signal: AbortSignal;
}

/** The head of the output as plain ffmpeg writes it. */
export interface Head {
  readonly path: string;
  readonly media: MediaInfo;
}

/** The findings, as soon as a plan can be made of them, and later the head of the output. */
export interface Rehearsal {
  readonly findings: Findings;
  readonly head: Promise<Result<Head, string>>;
}

const OUTPUT_LINE = /^Output #0, (\S+), to /;
/** How long ffmpeg may go on after its header is written; streams that go on without the film are of no interest. */
const AFTER_HEADER_MS = 1500;

/** ffmpeg's exit status that it was ended by a signal: what it has written is whole (fftools/ffmpeg.c, 255). */
const INTERRUPTED = 255;

/**
 * Asks the installed ffmpeg about the command, by running its head: which streams it takes, at which rate it decodes
 * them, which container it writes, what the output's streams look like. Fails with ffmpeg's last words when ffmpeg
 * refuses the command.
 */
export async function rehearse(command: Command, tools: HostTools): Promise<Result<Rehearsal, string>> {
  const [output] = command.outputs;
  const [input] = command.inputs;
  if (!output || !input) return fail("there is no film");
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(output.url)?.[0] ?? "";
  const scratch = join(tools.folder, `rehearsal${extension}`);
  const mappings: StreamMapping[] = [];
  const graphInputs: GraphInput[] = [];
  let complexMapping: string | undefined;
  let generation: Generation = "by-duration";
  let settle: () => void = () => undefined;
  const planned = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const process = startLocal(tools.ffmpeg, rehearsalArgs(command, scratch), {
    signal: tools.signal,
    ...(tools.stdin ? { stdin: tools.stdin() } : {}),
    onStderrLine: (line) => {
      generation = generationOf(line) ?? generation;
      const fact = readLogLine(line);
      if (fact?.kind === "mapping") mappings.push(fact.mapping);
      else if (fact?.kind === "complex-mapping") complexMapping ??= fact.text;
      else if (fact?.kind === "graph-input") graphInputs.push(fact.input);
      if (OUTPUT_LINE.test(line)) setTimeout(() => process.interrupt(), AFTER_HEADER_MS).unref();
      if (fact?.kind === "graph-input" && filmGraph(mappings, graphInputs)) settle();
    },
  });
  void process.end.then(settle);
  const [media, sync] = await Promise.all([probe(tools, command), askMuxer(command, tools), planned]);
  const end = process.end.then((e) => ({ ...e, good: e.code === 0 || e.code === INTERRUPTED }));
  if (!filmGraph(mappings, graphInputs)) {
    const { good, startError, stderrTail } = await end;
    if (startError !== undefined) return fail(`${tools.ffmpeg}: ${startError}`);
    if (!good) return fail(`ffmpeg refuses it (${faultIn(stderrTail)})`);
  }
  if (!media.ok) return media;
  // A container for sound alone is none that the muxer can be tried on.
  if (complexMapping === undefined && !encodesVideo(mappings, media.value)) return fail("no video stream is encoded");
  if (!sync.ok) return sync;
  const head = end.then(async ({ good, stderrTail }): Promise<Result<Head, string>> => {
    if (!good) return fail(`ffmpeg refuses it (${faultIn(stderrTail)})`);
    const written = await probeFile(tools, scratch);
    return written.ok ? ok({ path: scratch, media: written.value }) : written;
  });
  return ok({
    findings: {
      media: media.value,
      mappings,
      complexMapping,
      graphInputs,
      generation,
      filterThreads: filterThreads(),
      ...sync.value,
    },
    head,
  });
}

/** From ffmpeg's banner: releases up to 6.0 are of one generation, all later ones and builds of its trunk of the other. */
function generationOf(line: string): Generation | undefined {
  const version = /^ffmpeg version n?(\d+)\.(\d+)/.exec(line);
  if (!version) return undefined;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  return major < 6 || (major === 6 && minor === 0) ? "by-rate" : "by-duration";
}

/** What a filter graph takes when not told (libavutil/slicethread.c avpriv_slicethread_create; 5.1 and 7.1). */
function filterThreads(): number {
  const processors = availableParallelism();
  return processors > 1 ? Math.min(processors + 1, 16) : 1;
}

function encodesVideo(mappings: readonly StreamMapping[], media: MediaInfo): boolean {
  return mappings.some(
    (m) => m.encoder !== undefined && media.streams.find((s) => s.index === m.inputStream)?.type === "video",
  );
}

/** True when the graph of every film that is encoded has said what it is fed. */
function filmGraph(mappings: readonly StreamMapping[], inputs: readonly GraphInput[]): boolean {
  return inputs.some((graph) => mappings.some((m) => m.encoder !== undefined && m.inputStream === graph.inputStream));
}

/** The line that says best why ffmpeg gave up: the first one that names a fault. */
function faultIn(tail: readonly string[]): string {
  const words = tail
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== "" && !/Conversion failed!|Statistics:|^Total:|Input (file|stream)|Output (file|stream)/.test(line),
    );
  const fault = words.find((line) =>
    /error|invalid|unknown|unrecognized|no such|failed|not found|could not|cannot|unable|does not|not supported/i.test(
      line,
    ),
  );
  return (fault ?? words.at(-1) ?? "").replace(/^\[[^\]]* @ 0x[0-9a-f]+\] /, "");
}

async function probe(tools: HostTools, command: Command): Promise<Result<MediaInfo, string>> {
  const [input] = command.inputs;
  if (!input) return fail("there is no input");
  // What a demuxer needs to be told, ffprobe needs to be told too; times are ffmpeg's own business.
  const told = fileOptions(input).filter(
    (use) => !["ss", "t", "to", "itsoffset", "accurate_seek", "thread_queue_size"].includes(use.name),
  );
  return runProbe(
    tools,
    [...told.flatMap((u) => (u.value === undefined ? [u.flag] : [u.flag, u.value])), "-i", input.url],
    tools.stdin?.(),
  );
}

/** ffprobe's view of a file on this machine. */
export async function probeFile(tools: HostTools, path: string): Promise<Result<MediaInfo, string>> {
  return runProbe(tools, ["-i", `file:${path}`]);
}

async function runProbe(
  tools: HostTools,
  args: readonly string[],
  stdin?: Readable,
): Promise<Result<MediaInfo, string>> {
  const run = await runLocal(tools.ffprobe, ["-v", "error", "-show_streams", "-show_format", "-of", "json", ...args], {
    signal: tools.signal,
    ...(stdin ? { stdin } : {}),
  });
  if (run.startError !== undefined) return fail(`${tools.ffprobe}: ${run.startError}`);
  if (run.code !== 0) return fail(`ffprobe refuses it (${faultIn(run.stderrTail)})`);
  const media = readProbe(run.stdout);
  return media.ok ? media : fail(media.failure.what);
}

/**
 * Which container the output's name and `-f` mean, and whether this ffmpeg writes it at a constant or a variable rate:
 * three frames with a gap between them are written, and come out as three or as six. The answer depends on the muxer
 * and on ffmpeg's version, so it is asked for, not known.
 */
async function askMuxer(
  command: Command,
  tools: HostTools,
): Promise<Result<Pick<Findings, "muxer" | "defaultSync">, string>> {
  const [output] = command.outputs;
  if (!output) return fail("there is no output");
  const options = fileOptions(output);
  const format = lastOption(options, "f")?.value;
  const rate = options.some((use) => use.name === "r") ? ["-r", "10"] : [];
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(output.url)?.[0] ?? "";
  let muxer = "";
  let frames = 0;
  const run = await runLocal(
    tools.ffmpeg,
    [
      ...["-v", "info", "-nostdin", "-y", "-f", "lavfi"],
      ...["-i", "color=s=320x240:r=10:d=0.3,setpts='if(eq(N,2),5,N)/10/TB'", ...rate],
      ...(format === undefined ? [] : ["-f", format]),
      join(tools.folder, `muxer${extension}`),
    ],
    {
      signal: tools.signal,
      onStderrLine: (line) => {
        muxer = OUTPUT_LINE.exec(line)?.[1]?.replace(/,$/, "") ?? muxer;
        frames = parseStatLine(line)?.frame ?? frames;
      },
    },
  );
  if (muxer === "" || run.code !== 0) return fail(`ffmpeg knows no container for ${output.url}`);
  return ok({ muxer, defaultSync: frames > 3 ? "cfr" : "vfr" });
}

/** Finds the film in the head of the output. */
export function readReference({ path, media }: Head, stream: number): Result<Reference, string> {
  const film = media.streams.find((s) => s.index === stream);
  return film ? ok({ path, media, film }) : fail("the head of the output has no film");
}
