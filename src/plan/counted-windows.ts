import type { Packet } from "../ffmpeg/packets.js";
import { fail, ok, type Result } from "../lib/result.js";
import type { FilmPlan } from "./film.js";
import type { Frame, FrameWindows } from "./windows.js";

interface Segment {
  packets: number;
  /** False while packets may still come. */
  closed: boolean;
  duration: number;
}

/**
 * The windows of a source whose packets have no times: the film is decoded on the way, which gives the frames' times in
 * display order, and frames and packets are matched by their number. That holds where every packet gives one frame and
 * no frame is shown on the other side of a keyframe (closed GOPs): a window is a segment.
 */
export class CountedWindows implements FrameWindows {
  readonly pastTrim = false;
  readonly doubt = undefined;
  readonly #segments: Segment[] = [];
  readonly #times: number[] = [];
  /** The first segment that is not given yet. */
  #next = 0;
  #last = Number.NEGATIVE_INFINITY;

  push({ key, duration }: Packet): Result<readonly (readonly Frame[])[], string> {
    const open = this.#segments.at(-1);
    if (!key && !open) return fail("the source does not begin with a keyframe");
    if (key) {
      if (open) open.closed = true;
      this.#segments.push({ packets: 1, closed: false, duration });
    } else if (open) {
      open.packets++;
    }
    return ok(this.#give());
  }

  show(pts: number): Result<readonly (readonly Frame[])[], string> {
    if (pts <= this.#last) return fail("the source's frames are not shown in order of time");
    this.#last = pts;
    this.#times.push(pts);
    return ok(this.#give());
  }

  end(): Result<readonly (readonly Frame[])[], string> {
    const open = this.#segments.at(-1);
    if (open) open.closed = true;
    const windows = this.#give();
    if (this.#next < this.#segments.length || this.#times.length > 0) {
      return fail("the source has packets that are no frames of their own");
    }
    return ok(windows);
  }

  #give(): (readonly Frame[])[] {
    const windows: Frame[][] = [];
    for (;;) {
      const segment = this.#segments[this.#next];
      if (!segment?.closed || this.#times.length < segment.packets) return windows;
      const place = { from: this.#next, segment: this.#next, part: 0, duration: segment.duration };
      windows.push(this.#times.splice(0, segment.packets).map((pts, i) => ({ pts, key: i === 0, ...place })));
      this.#next++;
    }
  }
}

/**
 * Why the frames of this plan cannot be counted; undefined when they can. A chunk's last frame proves its count, so a
 * chunk has to reach the end of its segments, and nothing may be cut off.
 */
export function notCountable(plan: FilmPlan): string | undefined {
  const { graph, inputTrim, limitMicroseconds, maxFrames } = plan;
  const trimmed = inputTrim.start !== undefined || inputTrim.duration !== undefined;
  const limited = limitMicroseconds !== undefined || maxFrames !== undefined;
  if (trimmed || limited) return "-ss, -t or -frames:v of a source whose packets have no times";
  if (graph.before + graph.after > 0 || graph.afterSpan.num > 0n) {
    return "filters look at neighbouring frames of a source whose packets have no times";
  }
  return undefined;
}
