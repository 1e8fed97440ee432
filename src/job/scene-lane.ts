import { fail, ok, type Result } from "../lib/result.js";
import { sceneArgs, SceneLines } from "../plan/scenes.js";
import type { LaneFailure } from "../schedule/dispatcher.js";
import type { Session } from "../workers/transport.js";
import { encodeFailure, laneFailure } from "./lane-failures.js";
import type { LaneJob, LaneSetup } from "./lane-files.js";
import type { SceneAnswer, SceneTask } from "./scene-desk.js";
import { type Pulse, StallWatch } from "./stall.js";

/** Lines of ffmpeg's that a reason is made of. */
const LAST_WORDS = 3;

/** A worker that compares frames: runs of segments are sent, a number a frame comes back. */
export class SceneLane {
  readonly #paths = new Map<number, string>();

  constructor(
    private readonly setup: LaneSetup,
    private readonly job: LaneJob,
  ) {}

  /** Has the segments where the worker sees them. */
  async prepare(task: SceneTask, signal: AbortSignal): Promise<Result<void, LaneFailure>> {
    let path: string;
    try {
      path = await task.scenes.write();
    } catch (error) {
      return fail({ kind: "unfit", what: "segments could not be put together", detail: String(error) });
    }
    const put = await this.setup.sessions[0].put(path, nameOf(task), signal);
    if (!put.ok) return fail(laneFailure(put.failure));
    this.#paths.set(task.index, put.value);
    return ok(undefined);
  }

  /** Compares the frames. */
  async execute(
    task: SceneTask,
    session: Session,
    pulse: Pulse,
    signal: AbortSignal,
  ): Promise<Result<SceneAnswer, LaneFailure>> {
    const { setup, job } = this;
    const [plan] = job.plans;
    if (!plan) throw new Error("scenes of no film");
    const { run, x264Build } = task.scenes;
    const source = this.#paths.get(task.index) ?? nameOf(task);
    const lines = new SceneLines(run);
    let seen = 0;
    const watch = setup.sharesHostFiles
      ? undefined
      : new StallWatch(job.stall, signal, (stop) => pulse.read(session, source, stop));
    const argv = [...setup.binding, setup.ffmpeg, ...sceneArgs(plan, run, `file:${source}`, x264Build)];
    const end = await session.run(argv, {
      signal: watch?.signal ?? signal,
      onStdoutLine: (line) => {
        lines.push(line);
        watch?.saw(`${seen++}`);
      },
    });
    watch?.end();
    this.#paths.delete(task.index);
    await setup.sessions[0].remove(nameOf(task));
    if (watch?.verdict !== undefined) return fail({ kind: "lost", what: `${setup.name}: ${watch.verdict}` });
    if (!end.ok) return fail(laneFailure(end.failure));
    if (end.value.code !== 0) {
      const stderrTail = end.value.stderrTail.slice(-LAST_WORDS);
      return fail(encodeFailure({ ...end.value, stderrTail }));
    }
    const frames = lines.end();
    if (frames.ok) return ok({ frames: frames.value });
    return fail({ kind: "refused", what: `what it says of scenes was refused: ${frames.failure}` });
  }
}

/** The segments in a worker's folder. */
function nameOf({ index }: SceneTask): string {
  return `scenes${-index}.nut`;
}
