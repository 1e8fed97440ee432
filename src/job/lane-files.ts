import { lstat, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import type { FilmPlan } from "../plan/film.js";
import { isFirstPass } from "../plan/rate-control/plan.js";
import type { Share } from "../plan/offload/index.js";
import { transferFailure } from "../workers/failures.js";
import type { Session, TransportFailure } from "../workers/transport.js";
import type { ChunkTask } from "./chunk-task.js";
import type { EventStream } from "./events.js";
import type { SharedFolder } from "./shared.js";
import type { HostTools } from "./probing.js";
import { extractChunk, sharedSource } from "./shared-source.js";
import type { SlotPlace } from "./slot-places.js";

/** What a lane needs to know of its worker. */
export interface LaneSetup {
  readonly name: string;
  /** Its slots; never empty. */
  readonly places: readonly [SlotPlace, ...SlotPlace[]];
  /** One session for every few slots; never empty. */
  readonly sessions: readonly [Session, ...Session[]];
  readonly sharesHostFiles: boolean;
  /** Which of this machine's files the worker sees, and where; proven. */
  readonly share: Share;
  /** Where its results need not be fetched from; removed with the lane. */
  readonly results: SharedFolder | undefined;
  readonly ffmpeg: string;
}

/** The session that a slot of a worker uses. */
export function sessionOf({ sessions }: Pick<LaneSetup, "sessions">, slot: number): Session {
  return sessions[slot % sessions.length] ?? sessions[0];
}

/** What all lanes of a job share. */
export interface LaneJob {
  /** The renditions; never empty. */
  readonly plans: readonly FilmPlan[];
  readonly tools: HostTools;
  /** The folder of an output, in which a worker that sees it had best write; undefined where none is made. */
  readonly resultsIn: string | undefined;
  readonly events: EventStream;
  /** What the first chunk that was finished has before its first packet, by rendition: all others must too. */
  readonly headers: Map<number, string>;
  /** What plain ffmpeg's first frame says beside its picture, where the chunks' are held against it (FilmPlan). */
  readonly frameData: readonly (Promise<Result<string, Problem>> | undefined)[];
  /** Seconds without progress after which a worker counts as lost. */
  readonly stall: number;
  /** Another number each time. */
  readonly nextNumber: () => number;
}

/** The folder in which a worker that sees it had best write; a first pass' film is kept nowhere. */
export function resultsFolder(plan: FilmPlan | undefined, output: string | undefined): string | undefined {
  return output === undefined || isFirstPass(plan?.rate) ? undefined : dirname(output);
}

type Sides = Result<readonly (readonly string[])[], TransportFailure>;

/** The files of a lane: how they come to its worker and back, over the connection or by what both sides see. */
export class LaneFiles {
  readonly #setup: LaneSetup;
  readonly #job: LaneJob;
  /** The source as the worker sees it, as long as it finds the chunks there. */
  #source: string | undefined;
  /** The side files on the worker: they go up once, with the first chunk. */
  #sides: Promise<Sides> | undefined;

  constructor(setup: LaneSetup, job: LaneJob) {
    this.#setup = setup;
    this.#job = job;
    this.#source = sharedSource(job.plans[0], setup.share);
  }

  /** Brings a chunk's source to the worker, by that name; gives its path there. */
  async bring(task: ChunkTask, name: string, signal: AbortSignal): Promise<Result<string, TransportFailure>> {
    const taken = await this.#takeOut(task, name, signal);
    return taken === undefined ? this.#setup.sessions[0].put(task.ready.path, name, signal) : ok(taken);
  }

  /** The chunk, taken out of the source by the worker itself; undefined where it has to be sent. */
  async #takeOut(task: ChunkTask, name: string, signal: AbortSignal): Promise<string | undefined> {
    const { events, plans } = this.#job;
    const [plan] = plans;
    if (this.#source === undefined || !plan || !task.ready.run) return undefined;
    const { name: worker, places, ffmpeg, sessions } = this.#setup;
    const way = { plan, source: this.#source, name, session: sessions[0], signal };
    const taken = await extractChunk(task.ready.run, { ...way, ffmpeg: [...places[0].before, ffmpeg] });
    if (taken.ok) {
      events.emit({ type: "chunk-shared", chunk: task.index, worker });
      return taken.value;
    }
    if (signal.aborted) return undefined;
    const text = `worker ${worker}: its chunks are sent, for it cannot take them out of ${this.#source}: ${taken.failure}`;
    events.emit({ type: "notice", level: "warning", text });
    this.#source = undefined;
    return undefined;
  }

  /** The paths of the side files on the worker, rendition by rendition. */
  sides(): Promise<Sides> {
    this.#sides ??= this.#putSides();
    const going = this.#sides;
    void going.then(({ ok: there }) => {
      // The next chunk tries again.
      if (!there && this.#sides === going) this.#sides = undefined;
    });
    return going;
  }

  /** What several renditions read goes up once, what the worker sees not at all. */
  async #putSides(): Promise<Sides> {
    const there = new Map<string, string>();
    for (const [i, { sides }] of this.#job.plans.entries()) {
      for (const { path, name } of sides) {
        if (there.has(path)) continue;
        const shared = this.#setup.share(resolve(path));
        const put = shared === undefined ? await this.#setup.sessions[0].put(path, `${i}${name}`) : ok(shared);
        if (!put.ok) return put;
        there.set(path, put.value);
      }
    }
    return ok(this.#job.plans.map(({ sides }) => sides.map(({ path }) => there.get(path) ?? path)));
  }

  /** Where the worker writes a result. */
  resultPath(session: Session, name: string): string {
    return `${this.#setup.results?.worker ?? session.folder}/${name}`;
  }

  /**
   * Has a result on this machine, copied to `to` where it is not to be seen here anyway: its path, which is the caller's
   * to remove, and its size in bytes.
   */
  async fetch(
    session: Session,
    name: string,
    to: string,
    signal: AbortSignal,
  ): Promise<Result<{ readonly path: string; readonly bytes: number }, TransportFailure>> {
    const { results, name: worker } = this.#setup;
    if (results) {
      const path = join(results.host, name);
      const found = await lstat(path).catch(() => undefined);
      if (found?.isFile() === true) return ok({ path, bytes: found.size });
      return fail(transferFailure(`${worker}: ${name} is not to be seen in ${results.host}`));
    }
    const got = await session.get(name, to, signal);
    return got.ok ? ok({ path: to, bytes: got.value }) : got;
  }

  /** Removes a result where the worker has written it. */
  async removeResult(session: Session, name: string): Promise<void> {
    const { results } = this.#setup;
    if (results) await rm(join(results.host, name), { force: true }).catch(() => undefined);
    else await session.remove(name);
  }

  /** Removes what was made on shared storage. */
  async close(): Promise<void> {
    const { results } = this.#setup;
    if (results) await rm(results.host, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
