import type { Config } from "../config/types.js";
import type { Closing } from "../join/joiner.js";
import { aborted } from "../lib/aborted.js";
import { toNumber } from "../lib/rational.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { framesOf } from "../plan/chunk.js";
import type { FilmPlan } from "../plan/film.js";
import { isFirstPass } from "../plan/rate-control/plan.js";
import { beginsAsPlanned } from "../plan/switches.js";
import type { Pace } from "../split/pace.js";
import type { ReadyChunk } from "../split/splitter.js";
import { closingWords, type MadeFilm, reportedCounts } from "./closing.js";
import type { EncodedChunk } from "./chunk-run.js";
import type { EventStream, RateCounts } from "./events.js";
import { filmCrew, filmPace, foldersOf, splitSetting } from "./film-crew.js";
import { type FilmFailure, refusedOrFull, tellDisk } from "./film-failure.js";
import { oddHead } from "./head-facts.js";
import type { Hold } from "./hold.js";
import type { OutputPlace } from "./output.js";
import { OutputJoin } from "./output-join.js";
import { PlainRun } from "./plain-run.js";
import type { HostTools } from "./probing.js";
import { RateDesk } from "./rate-desk.js";
import type { Keeper } from "./resume/keeper.js";
import type { KeptCrew, KeptCrewOptions } from "./resume/kept-crew.js";
import { type PlainOutputs, type PlannedOutput, splitFilm } from "./stages.js";

/** An output to be made of chunks, and where. */
export interface PlacedOutput {
  readonly output: PlannedOutput;
  readonly place: OutputPlace;
}

export interface FilmJobInput extends Pick<KeptCrewOptions, "early"> {
  readonly config: Config;
  /** Never empty. */
  readonly outputs: readonly PlacedOutput[];
  /** Outputs that plain ffmpeg writes meanwhile, and where, one by one; undefined where nothing is written. */
  readonly plain: { readonly outputs: PlainOutputs; readonly places: readonly (OutputPlace | undefined)[] } | undefined;
  readonly tools: HostTools;
  readonly events: EventStream;
  /** The user's wish that work waits. */
  readonly hold: Hold;
  /** The user's wish to end it: what is finished by then becomes the output. */
  readonly leave: AbortSignal;
  /** Keeps finished chunks for a later run; undefined where none is to. */
  readonly keeper: Keeper | undefined;
}

/** Splits, encodes, joins and proves the films of one source; leaves the outputs under their temporary names. */
export async function runFilm(input: FilmJobInput): Promise<Result<MadeFilm, FilmFailure>> {
  return new FilmJob(input).run();
}

class FilmJob {
  readonly #in: FilmJobInput;
  /** All films of all outputs, in their order. */
  readonly #plans: readonly FilmPlan[];
  /** Ends the work on chunks. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  /** Ends the joins as well, because there is nothing to save. */
  readonly #halt = new AbortController();
  readonly #crew: KeptCrew;
  readonly #pace: Pace;
  readonly #desk: RateDesk;
  readonly #joins: readonly { readonly join: OutputJoin; readonly renditions: readonly number[] }[];
  readonly #plain: PlainRun | undefined;
  /** The chunks' ticks, chunk by chunk, and in these rendition by rendition. */
  readonly #ticks: (readonly (readonly number[])[])[] = [];
  readonly #verified = new Map<number, EncodedChunk>();
  /** Bytes of the chunks' sources. */
  readonly #sources: number[] = [];
  #failure: FilmFailure | undefined;
  #total: number | undefined;
  #counted: RateCounts = { dup: 0, drop: 0 };
  /** Chunks that were handed over. */
  #handed = 0;
  /** What has been taken in: frames and seconds of the first film, bytes of all. */
  #joined = { frames: 0, seconds: 0, bytes: 0 };
  #wake: () => void = () => undefined;

  constructor(input: FilmJobInput) {
    this.#in = input;
    const { outputs, tools, events, plain } = input;
    this.#plans = outputs.flatMap(({ output }) => output.plans);
    this.#signal = AbortSignal.any([tools.signal, input.leave, this.#stop.signal]);
    this.#signal.addEventListener("abort", () => this.#wake(), { once: true });
    let rendition = 0;
    this.#joins = outputs.map((placed, number) => {
      const renditions = placed.output.plans.map(() => rendition++);
      const join = new OutputJoin({
        ...{ ...placed, tools, signal: this.#halt.signal },
        ...{ onCommand: (argv) => events.emit({ type: "command", stage: "final", argv }), onEnded: () => this.#wake() },
        onJoined: (film, ticks, bytes) => this.#taken(number === 0 && film === 0 ? ticks : [], bytes),
      });
      return { join, renditions };
    });
    this.#plain = plain && new PlainRun(plain.outputs, plain.places, tools, this.#halt.signal);
    input.hold.subscribe((held) => {
      this.#crew.hold(held);
      this.#plain?.hold(held);
    });
    void tools.stdinLost?.then((problem) => this.#fail({ ...problem, kind: "failed" }));
    void this.#plain?.end.then((end) => {
      if (!end.ok) this.#fail(refusedOrFull(end.failure));
    });
    this.#desk = new RateDesk({
      films: outputs.flatMap(({ output: { plans, heads } }) => plans.map((plan, i) => ({ plan, head: heads[i] }))),
      folder: tools.folder,
      order: (task) => this.#crew.add(task),
      settled: (index, result) => {
        this.#verified.set(index, result);
        this.#wake();
      },
      fail: (problem) => this.#fail(problem),
      notice: (text) => events.emit({ type: "notice", level: "warning", text }),
    });
    this.#pace = filmPace(input, () => this.#crew.busy);
    this.#crew = filmCrew(input, {
      ...{ plans: this.#plans, signal: this.#signal, pace: this.#pace },
      onDone: (task, result) => this.#desk.done(task, result),
      onFailure: (failure) => this.#fail(failure),
    });
  }

  async run(): Promise<Result<MadeFilm, FilmFailure>> {
    for (const { output } of this.#in.outputs) {
      void oddHead(output).then((odd) => odd && this.#fail(odd));
    }
    const opening = this.#crew.open();
    const splitting = this.#split();
    const ended = await (isFirstPass(this.#plans[0]?.rate) ? this.#firstPass() : this.#join());
    // Before anything is taken away.
    const result = ended.ok ? ended : fail(await tellDisk(ended.failure, foldersOf(this.#in)));
    this.#stop.abort();
    // Whatever is still being written is of no use to anybody.
    if (!result.ok) this.#halt.abort();
    await Promise.all([splitting, opening, this.#plain?.end]);
    await this.#crew.close();
    return result;
  }

  async #split(): Promise<void> {
    const { tools, events } = this.#in;
    const result = await splitFilm(this.#plans, splitSetting(this.#in), tools, this.#signal, {
      onFrames: (frames) => events.emit({ type: "split-progress", frames }),
      onCommand: (argv) => events.emit({ type: "command", stage: "pre", argv }),
      ...{ onChunk: (ready) => this.#ready(ready), pace: this.#pace, scenes: this.#crew.scenes },
    });
    if (!result.ok) {
      const { kind } = result.failure;
      if (kind !== "cancelled")
        this.#fail(kind === "unfit" ? { ...result.failure, kind } : refusedOrFull(result.failure));
      return;
    }
    const { chunks, sourceFrames, outputFrames, counts } = result.value;
    if (chunks === 0) {
      this.#fail({ kind: "unfit", what: "the source has no frames to split" });
      return;
    }
    this.#total = chunks;
    this.#in.keeper?.total(chunks, sourceFrames);
    const whole = { total: outputFrames[0] ?? 0, counts: reportedCounts(this.#plans, counts) };
    events.emit({ type: "split-progress", frames: sourceFrames, ...whole });
    this.#desk.end();
    this.#wake();
  }

  #ready(ready: ReadyChunk): void {
    const { index, parts } = ready.chunk;
    const odd = this.#plans.some((plan, i) => index === 0 && parts[i] && !beginsAsPlanned(plan, parts[i]));
    if (odd) {
      const what = "whether a filter is switched on at the film's first frame is left to chance";
      this.#fail({ kind: "unfit", what });
      return;
    }
    this.#ticks[index] = parts.map((part) => part?.ticks.map((t) => t.tick) ?? []);
    const { dup, drop } = reportedCounts(this.#plans, ready.counts);
    const counts = { dup: dup - this.#counted.dup, drop: drop - this.#counted.drop };
    this.#counted = { dup, drop };
    this.#in.events.emit({ type: "chunk-ready", chunk: index, frames: framesOf(ready.chunk), counts });
    this.#sources[index] = ready.bytes;
    this.#desk.cut(ready);
  }

  #fail(failure: FilmFailure): void {
    this.#failure ??= failure;
    this.#stop.abort();
    this.#halt.abort();
    this.#wake();
  }

  /** A first pass: nothing is joined but the logs. */
  async #firstPass(): Promise<Result<MadeFilm, FilmFailure>> {
    while (this.#total === undefined || this.#verified.size < this.#total) {
      if (this.#failure) return fail(this.#failure);
      if (this.#in.leave.aborted) return fail({ kind: "cancelled", what: "stopped" });
      await this.#woken();
    }
    const written = await this.#desk.writeLogs();
    if (!written.ok) return fail({ kind: "failed", ...written.failure });
    for (const [ticks = []] of this.#ticks) this.#taken(ticks, 0);
    return ok(this.#made([]));
  }

  #woken(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Feeds FINAL with the heads of the films while their tails are encoded, and proves what it wrote. */
  async #join(): Promise<Result<MadeFilm, FilmFailure>> {
    while (this.#total === undefined || this.#handed < this.#total) {
      if (this.#failure) return fail(this.#failure);
      const gone = this.#joins.find(({ join }) => join.gone);
      if (gone) return this.#finalFailed(await gone.join.broken());
      const next = this.#verified.get(this.#handed);
      if (!next) {
        // What is finished goes into the film, though its size is not what it was to be.
        if (this.#in.leave.aborted && !this.#desk.leave()) return this.#leave();
        if (!this.#in.leave.aborted) await this.#woken();
        continue;
      }
      const handed = await this.#hand(next);
      if (!handed.ok) return fail({ kind: "refused", what: handed.failure });
    }
    if (this.#failure) return fail(this.#failure);
    const finishing = Promise.all(this.#joins.map(({ join }) => join.finish()));
    await Promise.race([
      Promise.all([finishing, this.#plain?.end]),
      aborted(this.#in.leave),
      aborted(this.#halt.signal),
    ]);
    if (this.#in.leave.aborted) return this.#leave({ complete: true });
    const closings = await finishing;
    for (const closing of closings) if (!closing.ok) return this.#finalFailed(closing.failure);
    return this.#prove(closings.flatMap((closing) => (closing.ok ? [closing.value] : [])));
  }

  /** Hands the next chunk over to every output that has something of it. */
  async #hand(chunk: EncodedChunk): Promise<Result<void, string>> {
    const ticks = this.#ticks[this.#handed] ?? [];
    for (const { join, renditions } of this.#joins) {
      const parts = renditions.flatMap((rendition, film) => {
        const made = chunk[rendition];
        return made ? [{ film, chunk: made, ticks: ticks[rendition] ?? [] }] : [];
      });
      const taken = await join.take(parts);
      if (!taken.ok) return taken;
    }
    this.#in.keeper?.spent(this.#handed);
    this.#ticks[this.#handed] = [];
    this.#verified.delete(this.#handed++);
    return ok(undefined);
  }

  #taken(ticks: readonly number[], bytes: number): void {
    this.#crew.joined(bytes, ticks.length);
    const { frames, seconds, bytes: before } = this.#joined;
    const [plan] = this.#plans;
    const reached = ticks.length === 0 || !plan ? seconds : ((ticks.at(-1) ?? -1) + 1) * toNumber(plan.encoderTimeBase);
    this.#joined = { frames: frames + ticks.length, seconds: reached, bytes: before + bytes };
    this.#in.events.emit({ type: "join-progress", ...this.#joined });
  }

  /** Ends early: all chunks in order that are finished have been handed to FINAL (`complete`: all there are), and it writes its end. */
  async #leave({ complete = false } = {}): Promise<Result<MadeFilm, FilmFailure>> {
    if (this.#joins.some(({ join }) => !join.begun)) return fail({ kind: "cancelled", what: "stopped" });
    this.#plain?.interrupt();
    const endings = await Promise.all(this.#joins.map(({ join }) => join.leave({ complete })));
    const closings: Closing[] = [];
    for (const ended of endings) {
      if (!ended.ok) return fail({ kind: "failed", ...ended.failure });
      closings.push(ended.value);
    }
    return complete ? this.#prove(closings) : ok(this.#made(closings));
  }

  #made(closings: readonly Closing[]): MadeFilm {
    const numbers = this.#in.outputs.map(({ output }) => output.number);
    return { ...this.#joined, ...closingWords(closings, numbers, this.#plain?.sizes) };
  }

  async #prove(closings: readonly Closing[]): Promise<Result<MadeFilm, FilmFailure>> {
    // An output that is not split may have failed meanwhile.
    if (this.#failure) return fail(this.#failure);
    this.#in.events.emit({ type: "verifying" });
    for (const { join } of this.#joins) {
      const proven = await join.prove();
      if (!proven.ok) return fail({ kind: "refused", ...proven.failure });
    }
    return ok(this.#made(closings));
  }

  #finalFailed(problem: Problem): Result<never, FilmFailure> {
    return fail(this.#failure ?? refusedOrFull(problem));
  }
}
