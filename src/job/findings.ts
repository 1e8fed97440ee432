import { availableParallelism } from "node:os";
import type { Command } from "../ffmpeg/command.js";
import { type GraphFeed, INTERRUPTED, readLogLine, readOutputLine, type StreamMapping } from "../ffmpeg/log.js";
import { type LogLine, tellLevels } from "../ffmpeg/loglevel.js";
import type { MediaInfo } from "../ffmpeg/media.js";
import { type LocalEnd, startLocal } from "../ffmpeg/run.js";
import { fail, ok, type Result } from "../lib/result.js";
import { askMuxer, type Muxing } from "./muxing.js";
import type { Generation } from "../plan/frame-clock.js";
import { type Findings } from "../plan/prepare.js";
import { tooShort } from "../plan/film-length.js";
import { standardInput } from "../plan/local-path.js";
import { type Routing, sameStream, streamOf } from "../plan/routing.js";
import { REFUSES } from "../plan/reasons.js";
import { rehearsalArgs } from "../plan/stages.js";
import { type Scratch, scratchFor } from "./scratch.js";
import type { FilmPlace } from "./segments.js";
import { type Head, readHead } from "./heads.js";
import { inspectSides } from "./side-facts.js";
import { faultIn, holdsOneFrame, type HostTools, PICTURE, probeInput } from "./probing.js";

/** What was found out about one output of the command. */
export interface OutputFindings {
  /** What concerns this output alone; a failure where ffmpeg did not say it. */
  readonly muxing: Result<Muxing, string>;
  readonly head: Promise<Result<Head, string>>;
}

/** The findings, as soon as a plan can be made of them, and later the heads of the outputs. */
export interface Rehearsal {
  readonly findings: Omit<Findings, keyof Muxing>;
  readonly outputs: readonly OutputFindings[];
}

/** Told each line of the rehearsal's log, and the paths that stand in it for the outputs. */
export type OnWords = (line: LogLine, scratch: readonly string[]) => void;

/** How long ffmpeg may go on after its headers are written; streams that go on without the film are of no interest. */
const AFTER_HEADER_MS = 1500;

/**
 * Asks the installed ffmpeg about the command, by running its head: which streams it takes, at which rate it decodes
 * them, which container it writes, what the outputs' streams look like. Fails with ffmpeg's last words when ffmpeg
 * refuses the command, and where the film is too short, which is known before ffmpeg has said all.
 */
export async function rehearse(
  command: Command,
  host: HostTools,
  onWords: OnWords = () => undefined,
): Promise<Result<Rehearsal, string>> {
  const short = new AbortController();
  const tools = { ...host, signal: AbortSignal.any([host.signal, short.signal]) };
  const routing: Heard = { mappings: [], feeds: [], yields: [], graphInputs: [], complexMapping: undefined };
  let inputs: readonly MediaInfo[] | undefined;
  let generation: Generation = "by-duration";
  let settle: () => void = () => undefined;
  const planned = new Promise<void>((resolve) => {
    settle = resolve;
  });
  const scratches = await Promise.all(command.outputs.map((output, i) => scratchFor(output, tools, `${i}`)));
  const paths = scratches.map((scratch) => scratch.path);
  const { end, heads } = startHeads(command, scratches, tools, { stream: "v" }, (line) => {
    onWords(line, paths);
    generation = generationOf(line.text) ?? generation;
    listen(routing, line.text);
    if (inputs && saysAll(routing, inputs)) settle();
  });
  void end.then(settle);
  const media = probeInputs(command, tools).then((probed) => {
    if (probed.ok) inputs = probed.value.inputs;
    if (!inputs || saysAll(routing, inputs)) settle();
    return probed;
  });
  const muxers = Promise.all(command.outputs.map((output, i) => askMuxer(output, tools, `muxer${i}`)));
  const rest = Promise.all([muxers, inspectSides(command, tools), planned]);
  const probed = await media;
  const reason = probed.ok && tools.hasty ? tooShort(command, probed.value.inputs, tools.least) : undefined;
  if (reason !== undefined) {
    short.abort();
    // Nobody waits for it any more, however it ends.
    void rest.catch(() => undefined);
    return fail(reason);
  }
  const [muxings, sides] = await rest;
  if (!inputs || !saysAll(routing, inputs)) {
    const refused = refusal(await end, tools);
    if (refused !== undefined) return fail(refused);
  }
  if (!probed.ok) return probed;
  // A container for sound alone is none that the muxer can be tried on.
  if (decodedVideo(routing, probed.value.inputs).length === 0) return fail("no video stream is encoded");
  return ok({
    findings: {
      ...probed.value,
      ...routing,
      sides,
      alone: tools.alone,
      generation,
      filterThreads: filterThreads(),
      company: routing,
    },
    outputs: muxings.map((muxing, i) => ({
      muxing,
      head: heads[i] ?? Promise.resolve(fail("ffmpeg did not write the output's head")),
    })),
  });
}

/** A stream of an output, and which of its films that is; `name` tells its head from others of the job. */
export interface HeadOfFilm {
  readonly stream: number;
  readonly film: number;
  readonly name: string;
}

/**
 * The head of the command's only output up to the first frame of this stream of it. Where there are other video streams
 * (a cover, another film), the head that `rehearse` gives may end with one of theirs, before this one has come.
 */
export async function rehearseHead(
  command: Command,
  tools: HostTools,
  { stream, film, name }: HeadOfFilm,
): Promise<Result<Head, string>> {
  const [output] = command.outputs;
  if (!output) return fail("there is no output");
  const scratch = await scratchFor(output, tools, `${name}-${stream}`);
  const { heads } = startHeads(
    command,
    [scratch],
    tools,
    { stream: `${stream}`, film: { film, stream } },
    () => undefined,
  );
  return heads[0] ?? fail("ffmpeg did not write the output's head");
}

/** Runs the command until these streams of its outputs, named by a specifier, have their first frames. `film`: of which the head is asked for. */
function startHeads(
  command: Command,
  scratches: readonly Scratch[],
  tools: HostTools,
  { stream, film = { film: 0, stream: 0 } }: { readonly stream: string; readonly film?: FilmPlace },
  onLine: (line: LogLine) => void,
): { readonly end: Promise<LocalEnd>; readonly heads: readonly Promise<Result<Head, string>>[] } {
  const own = { ...command, outputs: scratches.map((scratch) => scratch.output) };
  const args = rehearsalArgs(
    own,
    scratches.map(({ path }) => ({ stream, path })),
  );
  const begun = new Set<number>();
  const process = startLocal(tools.ffmpeg, [...args, ...tellLevels("verbose")], {
    signal: tools.signal,
    ...(tools.stdin ? { stdin: tools.stdin() } : {}),
    onLogLine: (line) => {
      onLine(line);
      const number = readOutputLine(line.text)?.number;
      if (number === undefined || begun.has(number)) return;
      begun.add(number);
      if (begun.size === scratches.length) setTimeout(() => process.interrupt(), AFTER_HEADER_MS).unref();
    },
  });
  const { end } = process;
  const heads = scratches.map(async (scratch): Promise<Result<Head, string>> => {
    const refused = refusal(await end, tools);
    return refused === undefined ? readHead(scratch, film, tools) : fail(refused);
  });
  return { end, heads };
}

/** Why ffmpeg did not do what it was asked. */
function refusal({ code, startError, stderrTail }: LocalEnd, tools: HostTools): string | undefined {
  if (startError !== undefined) return `${tools.ffmpeg}: ${startError}`;
  return code === 0 || code === INTERRUPTED ? undefined : refusedFor(faultIn(stderrTail));
}

function refusedFor(fault: string): string {
  return fault === "" ? REFUSES : `${REFUSES} (${fault})`;
}

/** From ffmpeg's banner: releases up to 6.0 are of one generation, all later ones and builds of its trunk of the other. */
export function generationOf(line: string): Generation | undefined {
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

/** ffmpeg's log as it is heard. */
type Heard = { -readonly [K in keyof Routing]: Routing[K] extends readonly (infer T)[] ? T[] : Routing[K] };

function listen(heard: Heard, line: string): void {
  const fact = readLogLine(line);
  switch (fact?.kind) {
    case "mapping":
      heard.mappings.push(fact.mapping);
      break;
    case "graph-feed":
      heard.feeds.push(fact.feed);
      break;
    case "graph-yield":
      heard.yields.push(fact.yield);
      break;
    case "complex-mapping":
      heard.complexMapping ??= fact.text;
      break;
    case "graph-input":
      heard.graphInputs.push(fact.input);
      break;
    case undefined:
      break;
  }
}

/** The video streams that are decoded, to be encoded anew. */
function decodedVideo(routing: Routing, inputs: readonly MediaInfo[]): readonly (StreamMapping | GraphFeed)[] {
  const decoded = [...routing.mappings.filter((m) => m.encoder !== undefined), ...routing.feeds];
  return decoded.filter((m) => streamOf(inputs, m)?.type === "video");
}

/** True when the graph of every video stream that is decoded has said what it is fed. */
function saysAll(routing: Routing, inputs: readonly MediaInfo[]): boolean {
  const video = decodedVideo(routing, inputs);
  return video.length > 0 && video.every((m) => routing.graphInputs.some((graph) => sameStream(graph, m)));
}

/** ffprobe's view of all inputs, and which of them are single pictures. */
async function probeInputs(
  command: Command,
  tools: HostTools,
): Promise<Result<Pick<Findings, "inputs" | "stills">, string>> {
  const piped = standardInput(command);
  const probed = await Promise.all(
    command.inputs.map((input, i) => probeInput(tools, input, i === piped ? tools.stdin?.() : undefined)),
  );
  const inputs: MediaInfo[] = [];
  for (const one of probed) {
    if (!one.ok) return one;
    inputs.push(one.value);
  }
  const still = await Promise.all(
    command.inputs.map(async ({ url }, i) =>
      i !== piped && PICTURE.test(inputs[i]?.format ?? "") ? holdsOneFrame(tools, ["-i", url]) : false,
    ),
  );
  return ok({ inputs, stills: still.flatMap((is, i) => (is ? [i] : [])) });
}
