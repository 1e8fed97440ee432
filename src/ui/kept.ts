import type { JobEvent } from "../job/events.js";
import type { JobState } from "./state.js";

/** The state with a chunk that an earlier run has made: it is done, by none of the workers, and says nothing of their speed. */
export function withKept(state: JobState, event: Extract<JobEvent, { type: "chunk-kept" }>): JobState {
  const chunk = state.chunks.get(event.chunk) ?? {};
  if (chunk.done !== undefined) return state;
  const { frames, bytes } = event;
  const source = chunk.size ?? frames;
  const { done } = state;
  return {
    ...state,
    phase: state.phase === "starting" ? "running" : state.phase,
    kept: state.kept + 1,
    chunks: state.chunks.set(event.chunk, { ...chunk, done: { worker: "", frames, bytes } }),
    done: {
      chunks: done.chunks + 1,
      source: done.source + source,
      output: done.output + frames,
      bytes: done.bytes + bytes,
    },
    samples: state.samples.map(({ at, frames: before }) => ({ at, frames: before + source })),
  };
}
