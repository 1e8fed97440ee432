import { rm } from "node:fs/promises";
import { join } from "node:path";
import { endNotWritten } from "../ffmpeg/log.js";
import { ProgressBlocks } from "../ffmpeg/progress.js";
import { firstFrameData } from "../join/frame-data.js";
import { ToldPackets } from "../join/told-packets.js";
import { type VerifiedChunk, verifyChunk } from "../join/verify-chunk.js";
import { fail, ok, type Problem, type Result } from "../lib/result.js";
import { type ChunkPart, framesOf } from "../plan/chunk.js";
import { renditionName } from "../plan/film.js";
import { isFirstPass, logName, treeSuffix } from "../plan/rate-control/plan.js";
import { remoteArgs } from "../plan/remote.js";
import type { LaneFailure, LaneRun } from "../schedule/lane.js";
import type { ProcessEnd, Session, TransportFailure } from "../workers/transport.js";
import { type ChunkTask, isWanted, resultName, resultNames, sourceName } from "./chunk-task.js";
import { type LaneFiles, type LaneJob, type LaneSetup, sessionOf } from "./lane-files.js";
import { decoderComplaint, encodeFailure, laneFailure } from "./lane-failures.js";
import { fetchChunkLog } from "./pass-files.js";
import { hostCores, placeOf } from "./slot-places.js";
import { type Pulse, StallWatch } from "./stall.js";

/** What came of a chunk, rendition by rendition; undefined where one shows none of its frames. */
export type EncodedChunk = readonly (VerifiedChunk | undefined)[];

/** What a run has of its lane. */
export interface ChunkRunOptions {
  readonly setup: LaneSetup;
  readonly job: LaneJob;
  readonly files: LaneFiles;
  readonly pulse: Pulse;
  /** Stands before the names of its files on the worker. */
  readonly prefix: string;
  /** Its files are gone from the worker. */
  readonly onGone: () => void;
}

/** One chunk on one worker: uploaded, encoded, fetched, and held against the plan. */
export class ChunkRun implements LaneRun<EncodedChunk> {
  readonly #task: ChunkTask;
  readonly #setup: LaneSetup;
  readonly #job: LaneJob;
  readonly #files: LaneFiles;
  readonly #pulse: Pulse;
  readonly #prefix: string;
  readonly #onGone: () => void;
  /** Tells its files on this machine from those of the same chunk made elsewhere. */
  readonly #number: number;
  /** The chunk's source on the worker, and its part of a first pass' log. */
  #source: string | undefined;
  #log: string | undefined;
  /** What the encoder says of the packets that it makes. */
  readonly #told: ToldPackets;
  #slot = 0;
  #seconds = 0;
  /** Files on this machine that it has made. */
  readonly #made: string[] = [];

  constructor(task: ChunkTask, { setup, job, files, pulse, prefix, onGone }: ChunkRunOptions) {
    this.#task = task;
    this.#told = new ToldPackets(task.ready.chunk.parts.reduce((sum, part) => sum + (part?.ticks.length ?? 0), 0));
    this.#setup = setup;
    this.#job = job;
    this.#files = files;
    this.#pulse = pulse;
    this.#prefix = prefix;
    this.#onGone = onGone;
    this.#number = job.nextNumber();
  }

  async prepare(signal: AbortSignal): Promise<Result<void, LaneFailure>> {
    const task = this.#task;
    const { name: worker, sharesHostFiles } = this.#setup;
    if (!sharesHostFiles) this.#job.events.emit({ type: "chunk-upload", chunk: task.index, worker, slot: 0 });
    const sides = await this.#files.sides();
    if (!sides.ok) return fail(laneFailure(sides.failure));
    const put = await this.#files.bring(task, this.#name(sourceName(task)), signal);
    if (!put.ok) return fail(laneFailure(put.failure));
    this.#source = put.value;
    for (const [i, { path, name }] of (task.logs ?? []).entries()) {
      const log = await this.#setup.sessions[0].put(path, this.#name(name), signal);
      if (!log.ok) return fail(laneFailure(log.failure));
      if (i === 0) this.#log = log.value;
    }
    if (!sharesHostFiles) this.#job.events.emit({ type: "chunk-uploaded", chunk: task.index, worker });
    return ok(undefined);
  }

  async execute(
    slot: number,
    signal: AbortSignal,
    onProgress: (frames: number) => void,
  ): Promise<Result<void, LaneFailure>> {
    this.#slot = slot;
    const place = this.#place;
    const started = performance.now();
    this.#job.events.emit({ type: "chunk-encode", ...place });
    const end = await this.#encode(place, signal, onProgress);
    if (!end.ok) return fail(laneFailure(end.failure));
    if (end.value.code !== 0 || endNotWritten(end.value.stderrTail)) return fail(encodeFailure(end.value));
    const damage = decoderComplaint(end.value, this.#job.plans[0]?.film.decoder);
    if (damage !== undefined) return fail({ kind: "unfit", what: `the source is damaged (${damage})` });
    this.#seconds = (performance.now() - started) / 1000;
    this.#job.events.emit({ type: "chunk-download", ...place });
    return ok(undefined);
  }

  async collect(signal: AbortSignal): Promise<Result<EncodedChunk, LaneFailure>> {
    const fetched = await this.#fetch(this.#session, signal);
    if (!fetched.ok) return fetched;
    const { verified, bytes } = fetched.value;
    const frames = framesOf(this.#task.ready.chunk);
    this.#job.events.emit({ type: "chunk-done", ...this.#place, frames, bytes, seconds: this.#seconds });
    return ok(verified);
  }

  end(wanted: boolean): void {
    if (!wanted) for (const path of this.#made) void rm(path, { force: true }).catch(() => undefined);
    void this.#clear();
  }

  /** Takes its files away on the worker. */
  async #clear(): Promise<void> {
    const task = this.#task;
    const up = [sourceName(task), ...(task.logs ?? []).map(({ name }) => name)];
    const made = this.#job.plans.flatMap((plan, i) => resultNames(task, i, plan));
    await Promise.all([
      ...up.map((name) => this.#setup.sessions[0].remove(this.#name(name))),
      ...made.map((name) => this.#files.removeResult(this.#session, this.#name(name))),
    ]);
    this.#onGone();
  }

  get #place(): { chunk: number; worker: string; slot: number } {
    return { chunk: this.#task.index, worker: this.#setup.name, slot: this.#slot };
  }

  get #session(): Session {
    return sessionOf(this.#setup, this.#slot);
  }

  /** A file on the worker. */
  #name(name: string): string {
    return this.#prefix + name;
  }

  /** A file on this machine, which goes where it is not wanted in the end. */
  #here(name: string): string {
    const path = join(this.#job.tools.folder, `${this.#number}-${name}`);
    this.#made.push(path);
    return path;
  }

  async #encode(
    place: { chunk: number; worker: string; slot: number },
    signal: AbortSignal,
    onProgress: (frames: number) => void,
  ): Promise<Result<ProcessEnd, TransportFailure>> {
    const { plans, events, stall } = this.#job;
    const task = this.#task;
    const session = this.#session;
    const { x264Build, chunk } = task.ready;
    const source = this.#source ?? this.#name(sourceName(task));
    const sides = await this.#files.sides();
    if (!sides.ok) return sides;
    const files = {
      x264Build,
      input: `file:${source}`,
      renditions: sides.value.map((own, i) =>
        isWanted(task, i)
          ? {
              sides: own,
              output: `file:${this.#files.resultPath(session, this.#name(resultName(task, i)))}`,
              // A first pass writes its log where it runs; a second reads what was sent up.
              told: {
                ...task.told?.get(i),
                log: isFirstPass(plans[i]?.rate) ? this.#name(logName(task.index)) : this.#log,
              },
            }
          : undefined,
      ),
    };
    const progress = new ProgressBlocks();
    // Of what is stopped on this machine its user knows.
    const watch = this.#setup.sharesHostFiles
      ? undefined
      : new StallWatch(stall, signal, (stop) => this.#pulse.read(session, source, stop));
    const { before, cores } = placeOf(this.#setup.places, this.#slot);
    const threads = cores === undefined ? undefined : { cores, host: hostCores() };
    const argv = [...before, this.#setup.ffmpeg, ...remoteArgs(plans, chunk, files, threads)];
    events.emit({ type: "command", stage: "remote", argv, worker: place.worker, chunk: place.chunk });
    const end = await session.run(argv, {
      signal: watch?.signal ?? signal,
      onStdoutLine: (line) => {
        if (this.#told.push(line)) return;
        const now = progress.push(line);
        if (!now) return;
        const { bytes } = this.#told;
        watch?.saw(`${now.frame ?? ""} ${bytes} ${now.time ?? ""}`);
        if (now.frame !== undefined) {
          const { frame: frames, fps = 0, q, moreQ = [] } = now;
          // The tee muxer says nothing of bytes, and of several films it is not known whose these are.
          const more = { ...(plans.length > 1 ? {} : { bytes }), ...(q === undefined ? {} : { q: [q, ...moreQ] }) };
          onProgress(frames);
          events.emit({ type: "chunk-progress", ...place, frames, fps, ...more });
        }
      },
    });
    watch?.end();
    return watch?.verdict === undefined
      ? end
      : fail({ kind: "connection", what: `${this.#setup.name}: ${watch.verdict}` });
  }

  async #fetch(
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: EncodedChunk; bytes: number }, LaneFailure>> {
    const task = this.#task;
    const verified: (VerifiedChunk | undefined)[] = [];
    let bytes = 0;
    for (const [rendition, part] of task.ready.chunk.parts.entries()) {
      if (!part || !isWanted(task, rendition)) {
        verified.push(undefined);
        continue;
      }
      const one = await this.#fetchOne({ rendition, part }, session, signal);
      if (!one.ok) return one;
      if (rendition === 0) bytes = one.value.bytes;
      verified.push(one.value.verified);
    }
    return ok({ verified, bytes });
  }

  async #fetchOne(
    { rendition, part }: { readonly rendition: number; readonly part: ChunkPart },
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: VerifiedChunk; bytes: number }, LaneFailure>> {
    const task = this.#task;
    const { plans, tools } = this.#job;
    const plan = plans[rendition];
    if (!plan) throw new Error(`chunk ${task.index} has a rendition ${rendition} that nobody planned`);
    if (isFirstPass(plan.rate)) return this.#fetchLog({ encoder: plan.film.encoder, part }, session, signal);
    const name = resultName(task, rendition);
    const got = await this.#files.fetch(session, this.#name(name), this.#here(`fetched-${name}`), signal);
    if (!got.ok) return fail(laneFailure(got.failure));
    const { path: from, bytes } = got.value;
    const to = this.#here(`verified-${name}`);
    const files = { from, to, told: this.#told };
    const verified = await verifyChunk(tools.ffmpeg, part, plan.encoderTimeBase, files, signal);
    await rm(from, { force: true });
    if (signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    const refuse = (reason: string, more: Partial<Problem> = {}): Result<never, LaneFailure> => {
      const which = plans.length === 1 ? "" : ` (${renditionName(plan)})`;
      return fail({ ...more, kind: "refused", what: `its result${which} was refused: ${reason}` });
    };
    if (!verified.ok) return refuse(verified.failure.what, verified.failure);
    // Another worker's encoder may be of the build that the rest were made by.
    if (this.#oddHeaders(rendition, verified.value)) return refuse("its headers are not those of the other chunks");
    const data = await this.#oddFrameData(rendition, verified.value, signal);
    if (data !== undefined) return fail({ kind: "unfit", what: data });
    return ok({ verified: verified.value, bytes });
  }

  /** What the first pass of a chunk has left on the worker. */
  async #fetchLog(
    { encoder, part }: { readonly encoder: string; readonly part: ChunkPart },
    session: Session,
    signal: AbortSignal,
  ): Promise<Result<{ verified: VerifiedChunk; bytes: number }, LaneFailure>> {
    const main = this.#here(`first-${logName(this.#task.index)}`);
    this.#made.push(main + (treeSuffix(encoder) ?? ""));
    const path = (name: string): string => main + name.slice(logName(this.#task.index).length);
    const get = (name: string): Promise<Result<number, TransportFailure>> =>
      session.get(this.#name(name), path(name), signal);
    const fetched = await fetchChunkLog(encoder, this.#task.index, part.ticks.length, { get, path });
    if (signal.aborted) return fail({ kind: "cancelled", what: "stopped" });
    if (fetched.ok) {
      const { path: log, bytes } = fetched.value;
      return ok({ verified: { path: log, log: fetched.value.log, header: "", sizes: [] }, bytes });
    }
    return fail("kind" in fetched.failure ? laneFailure(fetched.failure) : { kind: "refused", ...fetched.failure });
  }

  /** Chunks with other headers than the rest would not be decoded with them: which are the right ones nobody knows. */
  #oddHeaders(rendition: number, { header }: VerifiedChunk): boolean {
    const { headers } = this.#job;
    if (!headers.has(rendition)) headers.set(rendition, header);
    return headers.get(rendition) !== header;
  }

  async #oddFrameData(rendition: number, { path }: VerifiedChunk, signal: AbortSignal): Promise<string | undefined> {
    const wanted = await this.#job.frameData[rendition];
    if (!wanted) return undefined;
    if (!wanted.ok) return wanted.failure.what;
    const got = await firstFrameData({ ffprobe: this.#job.tools.ffprobe, signal }, path);
    if (got.ok && got.value === wanted.value) return undefined;
    return "what the source keeps beside its stream would not reach the frames";
  }
}
