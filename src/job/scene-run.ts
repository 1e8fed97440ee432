import { fail, ok, type Result } from "../lib/result.js";
import { sceneArgs, SceneLines } from "../plan/scenes.js";
import type { LaneFailure, LaneRun } from "../schedule/lane.js";
import { encodeFailure, laneFailure } from "./lane-failures.js";
import { type LaneJob, type LaneSetup, sessionOf } from "./lane-files.js";
import type { SceneAnswer, SceneTask } from "./scene-desk.js";
import { placeOf } from "./slot-places.js";
import { type Pulse, StallWatch } from "./stall.js";

/** Lines of ffmpeg's that a reason is made of. */
const LAST_WORDS = 3;

/** What a run has of its lane. */
export interface SceneRunOptions {
  readonly setup: LaneSetup;
  readonly job: LaneJob;
  readonly pulse: Pulse;
  /** The segments' name on the worker. */
  readonly name: string;
}

/** One run of segments on one worker: sent there, and a number for each frame comes back. */
export class SceneTaskRun implements LaneRun<SceneAnswer> {
  readonly #task: SceneTask;
  readonly #o: SceneRunOptions;
  readonly #lines: SceneLines;
  #source: string | undefined;

  constructor(task: SceneTask, options: SceneRunOptions) {
    this.#task = task;
    this.#o = options;
    this.#lines = new SceneLines(task.scenes.run);
  }

  async prepare(signal: AbortSignal): Promise<Result<void, LaneFailure>> {
    if (!this.#task.isWanted()) return fail({ kind: "unfit", what: "nobody asks for it any more" });
    let path: string;
    try {
      path = await this.#task.scenes.write();
    } catch (error) {
      return fail({ kind: "unfit", what: "segments could not be put together", detail: String(error) });
    }
    const put = await this.#o.setup.sessions[0].put(path, this.#o.name, signal);
    if (!put.ok) return fail(laneFailure(put.failure));
    this.#source = put.value;
    return ok(undefined);
  }

  async execute(
    slot: number,
    signal: AbortSignal,
    onProgress: (work: number) => void,
  ): Promise<Result<void, LaneFailure>> {
    const { setup, job, pulse, name } = this.#o;
    const { scenes, work } = this.#task;
    const [plan] = job.plans;
    if (!plan) throw new Error("scenes of no film");
    const session = sessionOf(setup, slot);
    const source = this.#source ?? name;
    const watch = setup.sharesHostFiles
      ? undefined
      : new StallWatch(job.stall, signal, (stop) => pulse.read(session, source, stop));
    const argv = [
      ...placeOf(setup.places, slot).before,
      setup.ffmpeg,
      ...sceneArgs(plan, scenes.run, `file:${source}`, scenes.x264Build),
    ];
    const end = await session.run(argv, {
      signal: watch?.signal ?? signal,
      onStdoutLine: (line) => {
        const frames = this.#lines.push(line);
        watch?.saw(`${frames}`);
        onProgress((work * frames) / scenes.run.packets);
      },
    });
    watch?.end();
    if (watch?.verdict !== undefined) return fail({ kind: "lost", what: `${setup.name}: ${watch.verdict}` });
    if (!end.ok) return fail(laneFailure(end.failure));
    if (end.value.code === 0) return ok(undefined);
    return fail(encodeFailure({ ...end.value, stderrTail: end.value.stderrTail.slice(-LAST_WORDS) }));
  }

  collect(): Promise<Result<SceneAnswer, LaneFailure>> {
    const frames = this.#lines.end();
    return Promise.resolve(
      frames.ok
        ? ok({ frames: frames.value })
        : fail({ kind: "refused", what: `what it says of scenes was refused: ${frames.failure}` }),
    );
  }

  end(): void {
    void this.#o.setup.sessions[0].remove(this.#o.name);
  }
}
