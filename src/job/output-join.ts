import { rm, stat } from "node:fs/promises";
import { type Closing, Joiner } from "../join/joiner.js";
import type { VerifiedChunk } from "../join/verify-chunk.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { Reference } from "../plan/film.js";
import { finalArgs } from "../plan/final.js";
import { moveInto } from "../plan/streaming.js";
import { readReference } from "./heads.js";
import type { OutputPlace } from "./output.js";
import type { HostTools } from "./probing.js";
import { keepHead, type MadeOutput, proveOutput } from "./prove.js";
import type { PlannedOutput } from "./stages.js";

/** What an output is made of, and where. */
export interface OutputJoinOptions {
  readonly output: PlannedOutput;
  readonly place: OutputPlace;
  readonly tools: HostTools;
  /** Ends FINAL because there is nothing to save. */
  readonly signal: AbortSignal;
  /** FINAL is started with this command line. */
  readonly onCommand: (argv: readonly string[]) => void;
  /** FINAL has ended, for whatever reason. */
  readonly onEnded: () => void;
  /** A chunk of one of its films has been taken in. */
  readonly onJoined: (film: number, ticks: readonly number[], bytes: number) => void;
}

/** A chunk of one of the output's films, by the film's number in the output. */
export interface JoinPart {
  readonly film: number;
  readonly chunk: VerifiedChunk;
  readonly ticks: readonly number[];
}

/** One output at FINAL: takes the films' chunks in order, and proves what was written of them. */
export class OutputJoin {
  readonly #o: OutputJoinOptions;
  /** Film by film. */
  readonly #ticks: number[][];
  readonly #waiting: JoinPart[] = [];
  #appending: Promise<unknown> = Promise.resolve();
  #final: { readonly joiner: Joiner; readonly references: readonly Reference[] } | undefined;

  constructor(options: OutputJoinOptions) {
    this.#o = options;
    this.#ticks = options.output.plans.map(() => []);
  }

  /** True when FINAL has ended, though the films are not complete. */
  get gone(): boolean {
    return this.#final?.joiner.gone === true;
  }

  /** True when something of it can be kept. */
  get begun(): boolean {
    return this.#final !== undefined;
  }

  /** Why FINAL ended. */
  async broken(): Promise<Problem> {
    return (await this.#final?.joiner.broken()) ?? { what: "the film could not be joined" };
  }

  /**
   * Hands over the next chunk of its films, without waiting until it is taken in. FINAL starts with the first chunk of
   * all films, from which it learns when they begin.
   */
  async take(parts: readonly JoinPart[]): Promise<Result<void, string>> {
    for (const part of parts) {
      for (const tick of part.ticks) this.#ticks[part.film]?.push(tick);
      this.#waiting.push(part);
    }
    if (!this.#final && this.#ticks.every((ticks) => ticks.length > 0)) {
      const started = await this.#start();
      if (!started.ok) return started;
    }
    const { joiner } = this.#final ?? {};
    if (joiner) {
      const appending = this.#waiting.splice(0).map((part) => this.#append(joiner, part));
      this.#appending = Promise.all([this.#appending, ...appending]);
    }
    return ok(undefined);
  }

  async #start(): Promise<Result<void, string>> {
    const { output, place, tools, signal, onEnded } = this.#o;
    const references: Reference[] = [];
    for (const [i, { film, muxer }] of output.plans.entries()) {
      const head = (await output.heads[i]) ?? fail("there is no head");
      if (!head.ok) return head;
      const reference = await readReference(head.value, film.outputStream, muxer);
      if (!reference.ok) return reference;
      references.push(reference.value);
    }
    const { tree } = place;
    const own = output.command.outputs.map((file) => (tree === undefined ? file : moveInto(file, tree)));
    const films = output.plans.flatMap((plan, i) => {
      const reference = references[i];
      const command = { ...plan.command, outputs: own };
      return reference ? [{ plan: { ...plan, command }, firstTick: this.#ticks[i]?.[0] ?? 0, reference }] : [];
    });
    const args = finalArgs(films, place.temporary);
    this.#o.onCommand([tools.ffmpeg, ...args]);
    const joiner = new Joiner({
      ffmpeg: tools.ffmpeg,
      args,
      films: films.length,
      signal: AbortSignal.any([tools.signal, signal]),
      ...(tools.stdin ? { stdin: tools.stdin() } : {}),
    });
    void joiner.ended().then(onEnded);
    this.#final = { joiner, references };
    place.live?.start();
    return ok(undefined);
  }

  async #append(joiner: Joiner, { film, chunk, ticks }: JoinPart): Promise<void> {
    // At once: the order of the calls is that of the chunks. That one failed is told by FINAL's end.
    const appending = joiner.append(film, chunk.path);
    const [{ size }, appended] = await Promise.all([stat(chunk.path), appending]);
    await rm(chunk.path, { force: true });
    if (appended.ok) this.#o.onJoined(film, ticks, size);
  }

  /** All chunks have been handed over: waits for the end of the file. */
  async finish(): Promise<Result<Closing, Problem>> {
    if (!this.#final) return fail({ what: "the output has no film" });
    const finished = await this.#final.joiner.finish();
    await this.#settle();
    return finished;
  }

  /** FINAL has ended: nobody else is at its files any more. */
  async #settle(): Promise<void> {
    await this.#appending;
    await this.#o.place.live?.stop();
  }

  /**
   * Nothing more will come: ends the file behind what was handed over. Unless the films are `complete`, a whole file is
   * made of it.
   */
  async leave({ complete }: { readonly complete: boolean }): Promise<Result<Closing, Problem>> {
    if (!this.#final) return fail({ what: "stopped" });
    const { output, place, tools } = this.#o;
    const ended = await this.#final.joiner.leave(this.#ticks[0]?.length ?? 0);
    await this.#settle();
    if (!ended.ok || complete || place.tree !== undefined || place.slaves) return ended;
    const kept = await keepHead(output, this.#made(this.#final.references), tools);
    return kept.ok ? ended : kept;
  }

  /** Holds what was written against plain ffmpeg's head and the whole index. */
  async prove(): Promise<Result<void, Problem>> {
    if (!this.#final) return fail({ what: "the output has no film" });
    return proveOutput(this.#o.output, this.#made(this.#final.references), this.#o.tools);
  }

  #made(references: readonly Reference[]): MadeOutput {
    return { place: this.#o.place, references, ticks: this.#ticks };
  }
}
