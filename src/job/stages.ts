import type { Config } from "../config/types.js";
import type { Command } from "../ffmpeg/command.js";
import { fail, ok, type Result } from "../lib/result.js";
import { chunkBounds, type Sharing, usualLength } from "../plan/chunk-sizes.js";
import { notCountable } from "../plan/counted-windows.js";
import { extractable } from "../plan/extract.js";
import type { FilmPlan } from "../plan/film.js";
import { filmClock, lastFrameReason } from "../plan/film-clock.js";
import { shortReason } from "../plan/film-length.js";
import { KeyGrid, type KeyMarks } from "../plan/gop.js";
import { graphClock } from "../plan/graph.js";
import { findingsOf, isWrittenApart, type OutputsView, shareOutputs, viewOutputs } from "../plan/outputs.js";
import { prepare } from "../plan/prepare.js";
import { standardInput } from "../plan/local-path.js";
import { sameStream, streamOf } from "../plan/routing.js";
import { preArgs } from "../plan/pre.js";
import { LogGrid } from "../plan/rate-control/pass-log.js";
import { isFirstPass } from "../plan/rate-control/plan.js";
import { SceneCuts } from "../plan/scene-cuts.js";
import { STEADY } from "../plan/stages.js";
import { streamingKind } from "../plan/streaming.js";
import { Timeline } from "../plan/timeline.js";
import { split, type SplitFailure, type SplitOptions, type SplitTotals } from "../split/splitter.js";
import { type OnWords, type Rehearsal, rehearse, rehearseHead } from "./findings.js";
import type { Head } from "./heads.js";
import type { HeadLook } from "../plan/windows.js";
import { lookAtHead } from "./head.js";
import { withPassLog } from "./pass-files.js";
import type { HostTools } from "./probing.js";
import type { SceneDesk } from "./scene-desk.js";

/** An output that is made of chunks: the plans of its films, and later its heads as plain ffmpeg writes them. */
export interface PlannedOutput {
  /** Its number in the whole command. */
  readonly number: number;
  /** A command of its own, as its plans have it. */
  readonly command: Command;
  /** Never empty. */
  readonly plans: readonly FilmPlan[];
  /** Film by film: up to its first frame. */
  readonly heads: readonly Promise<Result<Head, string>>[];
}

/** What becomes of the outputs of a command. */
export interface PlannedJob {
  /** Never empty; all their films are made of one stream of an input. */
  readonly outputs: readonly PlannedOutput[];
  /** Those that plain ffmpeg writes beside them, as a command of their own, and why. */
  readonly plain: PlainOutputs | undefined;
}

/** Outputs that are not split. */
export interface PlainOutputs {
  readonly view: OutputsView;
  readonly reason: string;
}

/** What a job makes of chunks, in a few words: encoders and containers. */
export function describe({ outputs }: PlannedJob): string {
  if (outputs.some(({ plans }) => isFirstPass(plans[0]?.rate))) return "the first of two passes";
  const of = ({ plans }: PlannedOutput): string =>
    `${[...new Set(plans.map(({ film }) => film.encoder))].join(" and ")} into ${plans[0]?.muxer ?? ""}`;
  return [...new Set(outputs.map(of))].join(", ");
}

/** Asks ffmpeg about a command and plans its outputs; fails with the reason why it runs whole. */
export async function planJob(
  command: Command,
  tools: HostTools,
  onWords?: OnWords,
): Promise<Result<PlannedJob, string>> {
  const shared = shareOutputs(command);
  if (!shared.ok) return shared;
  const { split } = shared.value;
  const reasons = new Map(shared.value.reasons);
  const joint = viewOutputs(command, split);
  if (!joint.ok) return joint;
  const rehearsal = await rehearse(joint.value.command, tools, onWords);
  if (!rehearsal.ok) return fail(firstOf(reasons) ?? rehearsal.failure);
  const outputs: PlannedOutput[] = [];
  for (const [i, number] of split.entries()) {
    const planned = planOutput(joint.value.command, i, rehearsal.value, tools);
    if (planned.ok) outputs.push({ ...planned.value, number });
    else reasons.set(number, planned.failure);
  }
  const [first] = outputs;
  if (!first) return fail(firstOf(reasons) ?? "there is no output");
  for (const other of outputs.filter((output) => !sameSource(output, first))) {
    reasons.set(other.number, "it is made of another film");
  }
  const plain = plainOutputs(command, first, reasons);
  if (!plain.ok) return plain;
  const kept = outputs.filter(({ number }) => !reasons.has(number));
  const lengths = kept.flatMap(({ plans }) => plans.map(({ sourceFrames = 0 }) => sourceFrames));
  const short = lengths.includes(0) ? undefined : shortReason(Math.max(...lengths), tools.least);
  if (short !== undefined) return fail(short);
  const [only, ...more] = kept.flatMap(({ plans }) => plans);
  if (!only || ![only, ...more].some(({ rate }) => rate?.pass)) return ok({ outputs: kept, plain: plain.value });
  if (more.length > 0 || plain.value) return fail("-pass with several films is not split");
  const film = await withPassLog(only);
  return film.ok ? ok({ outputs: [{ ...first, plans: [film.value] }], plain: undefined }) : film;
}

function planOutput(
  joint: Command,
  output: number,
  { findings, outputs }: Rehearsal,
  tools: HostTools,
): Result<Omit<PlannedOutput, "number">, string> {
  const own = outputs[output];
  const view = viewOutputs(joint, [output]);
  if (!view.ok) return view;
  const muxing = own?.muxing ?? fail("there is no output");
  if (!own || !muxing.ok) return fail(muxing.ok ? "there is no output" : muxing.failure);
  const { command } = view.value;
  const about = findingsOf({ ...findings, ...muxing.value }, view.value);
  const plans = prepare(command, about);
  if (!plans.ok) return plans;
  const [plan] = plans.value;
  if (!plan) return fail("there is no film");
  const films = plans.value.map(({ film }) => film.outputStream);
  const alone = plan.mappings.every(
    (m) => streamOf(findings.inputs, m)?.type !== "video" || films.includes(m.outputStream),
  );
  if (!alone && plans.value.length > 1) return fail("pictures go with several films");
  // Which files of a manifest are the film's goes by its stream.
  const anywhere = !command.outputs.some((file) => streamingKind(file) === "dash");
  if (alone && films.length === 1 && anywhere) return ok({ command, plans: plans.value, heads: [own.head] });
  const heads = films.map((stream, film) => rehearseHead(command, tools, { stream, film, name: `${output}` }));
  return ok({ command, plans: plans.value, heads });
}

function sameSource({ plans: [a] }: PlannedOutput, { plans: [b] }: PlannedOutput): boolean {
  return a !== undefined && b !== undefined && sameStream(a.film, b.film);
}

/** The reason about the first output that there is one about. */
function firstOf(reasons: ReadonlyMap<number, string>): string | undefined {
  return reasons.get(Math.min(...reasons.keys()));
}

function plainOutputs(
  command: Command,
  { plans: [plan] }: PlannedOutput,
  reasons: ReadonlyMap<number, string>,
): Result<PlainOutputs | undefined, string> {
  const [[number, reason] = []] = reasons;
  if (number === undefined || reason === undefined) return ok(undefined);
  const what = `output ${number} is not split (${reason})`;
  const view = viewOutputs(
    command,
    [...reasons.keys()].sort((a, b) => a - b),
  );
  if (!view.ok) return view;
  const odd = view.value.command.outputs.find((output) => !isWrittenApart(output));
  if (odd) return fail(`${what}, and ${odd.url} is no local file`);
  // fftools/ffmpeg.c process_input, 5.1: the start time is the least over the streams that are used.
  if (plan && !STEADY.test(plan.sourceFormat)) return fail(`${what}, and times hang on all that is used of the source`);
  return ok({ view: view.value, reason });
}

interface OnSplit extends Pick<SplitOptions, "onChunk" | "onFrames" | "pace"> {
  /** Who looks for scene changes; undefined where nobody can be asked. */
  readonly scenes?: SceneDesk;
  /** PRE is started with this command line: more than once for a film that has to be read anew. */
  readonly onCommand?: (argv: readonly string[]) => void;
}

type Watched = OnSplit & Pick<SplitOptions, "runs" | "analyst">;

/** What says how long chunks are, besides the film: the configuration, and those who share them. */
export interface SplitSetting {
  readonly config: Config;
  readonly sharing: Sharing;
}

/**
 * Splits the source that all these renditions are made of. Where it is in doubt what is shown of its head, that is looked at first; so it is for
 * demuxers whose times can jump: ffmpeg mends them by what it has decoded, too (fftools/ffmpeg.c process_input, 5.1:
 * packets a tenth of a second before time 0 move the whole file), and PRE decodes nothing.
 */
export async function splitFilm(
  plans: readonly FilmPlan[],
  setting: SplitSetting,
  tools: HostTools,
  signal: AbortSignal,
  on: OnSplit,
): Promise<Result<SplitTotals, SplitFailure>> {
  let chunks = 0;
  const runs = setting.config.workers.some((worker) => worker.shared_paths.length > 0);
  const keyframes = noScenes(plans);
  const analyst = setting.config.split === "scene" && keyframes === undefined ? on.scenes : undefined;
  if (setting.config.split === "scene" && keyframes !== undefined) {
    on.scenes?.notice(`chunks begin at keyframes, not at scene changes: ${keyframes}`);
  }
  const counted: Watched = {
    ...{ ...on, analyst, runs: runs && plans[0] !== undefined && extractable(plans[0]) !== undefined },
    onChunk: (ready) => {
      chunks++;
      on.onChunk(ready);
    },
  };
  const [plan] = plans;
  if (!plan) return fail({ kind: "unfit", what: "there is no film" });
  const { decodedTimes } = plan.habits;
  const notCounted = decodedTimes ? plans.map(notCountable).find((reason) => reason !== undefined) : undefined;
  if (notCounted !== undefined) return fail({ kind: "unfit", what: notCounted });
  const looked = STEADY.test(plan.sourceFormat) || decodedTimes ? undefined : await lookAtHead(plan, tools, signal);
  if (looked && !looked.ok) return fail({ kind: "unfit", what: looked.failure });
  const timeline = newTimeline(plans, setting, analyst !== undefined, looked?.value);
  const result = await splitAs(plans, timeline, tools, signal, counted);
  const { doubt } = timeline;
  if (result.ok || doubt === undefined || chunks > 0) return result;
  if (doubt === "times") return splitFilm(plans.map(decodingTimes), setting, tools, signal, on);
  if (looked) return result;
  const head = await lookAtHead(plan, tools, signal);
  return head.ok
    ? splitAs(plans, newTimeline(plans, setting, analyst !== undefined, head.value), tools, signal, counted)
    : result;
}

/** The plan with the frames' times to be learned by decoding. */
function decodingTimes(plan: FilmPlan): FilmPlan {
  return { ...plan, habits: { ...plan.habits, madeTimes: false, decodedTimes: true } };
}

/** Why the scene changes of a film do not say where its chunks begin; undefined where they can. */
function noScenes(plans: readonly FilmPlan[]): string | undefined {
  if (plans.some(({ rate }) => rate?.pass)) return "-pass 1 and -pass 2 have to agree";
  if (plans.some((plan) => keyMarks(plan))) return "the keyframes of the output are asked for";
  return plans[0]?.habits.decodedTimes ? "the source's packets have no times" : undefined;
}

function newTimeline(
  plans: readonly FilmPlan[],
  { config, sharing }: SplitSetting,
  byScenes: boolean,
  head?: HeadLook,
): Timeline {
  const [plan] = plans;
  if (!plan) throw new Error("a timeline without a film");
  const wishes = { min: config.keyint_min, target: config.segment_frames, max: config.keyint_max };
  return new Timeline({
    bounds: chunkBounds(wishes, plan.sourceFrames, sharing),
    scenes: byScenes ? new SceneCuts({ ...wishes, target: usualLength(wishes) }) : undefined,
    trim: plan.inputTrim,
    timeBase: plan.timeBase,
    tracks: plans.map((one) => ({
      filters: one.graph,
      graph: graphClock(one.graph, one.timeBase),
      clock: filmClock(one),
      keys: keyMarks(one),
    })),
    habits: plan.habits,
    head,
  });
}

/** Where chunks may begin: a second pass' encoder has its keyframes where the first one's log says. */
function keyMarks({ keys, passLog, encoderTimeBase }: FilmPlan): KeyMarks | undefined {
  if (passLog?.kind === "frames") return new LogGrid(passLog.log);
  return keys && new KeyGrid(keys, encoderTimeBase);
}

async function splitAs(
  plans: readonly FilmPlan[],
  timeline: Timeline,
  tools: HostTools,
  signal: AbortSignal,
  on: Watched,
): Promise<Result<SplitTotals, SplitFailure>> {
  const [plan] = plans;
  if (!plan) throw new Error("a split without a film");
  const args = preArgs(plan, tools.folder);
  on.onCommand?.([tools.ffmpeg, ...args]);
  const result = await split({
    codec: plan.source.codec,
    ffmpeg: tools.ffmpeg,
    args,
    folder: tools.folder,
    timeline,
    ...(tools.stdin && standardInput(plan.command) === plan.film.inputFile ? { stdin: tools.stdin() } : {}),
    ...on,
    signal,
  });
  if (!result.ok) return result;
  const durations = timeline.lastDurations;
  const last = plans.flatMap((one, i) => lastFrameReason(one, durations[i] ?? 0) ?? [])[0];
  if (last !== undefined) return fail({ kind: "unfit", what: last });
  const { outputFrames } = result.value;
  if (outputFrames.includes(0) && plans.length > 1) return fail({ kind: "unfit", what: "a rendition has no frames" });
  // Nothing to share out; and plain ffmpeg writes such a film behind its sound.
  if (outputFrames.includes(1)) return fail({ kind: "unfit", what: "the film is a single frame" });
  return result;
}
