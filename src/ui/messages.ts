import type { ChalkInstance } from "chalk";
import type { JobEvent } from "../job/events.js";
import { renderError } from "./errors.js";
import { LEVELS } from "../ffmpeg/loglevel.js";
import type { JobState } from "./state.js";
import { clock, count, oneLine, size } from "./text.js";

/** A line for the log: shown when `level` is not above the chosen loglevel. */
export interface Message {
  readonly level: number;
  readonly text: string;
}

/** What both views let go to stderr, and how. */
export interface MessageOptions {
  /** Messages above this level stay silent (see LEVELS). */
  readonly loglevel: number;
  /** ffmpeg's -hide_banner: no line when all is as hoped for. */
  readonly hideBanner: boolean;
  readonly chalk: ChalkInstance;
}

/** What an event says to the user in one line, without the name in front; undefined when it says nothing. */
export function messageFor(event: JobEvent, state: JobState): Message | undefined {
  switch (event.type) {
    case "route":
      if (event.route === "chunks") return undefined;
      return { level: event.refused ? LEVELS.verbose : LEVELS.info, text: `not split: ${oneLine(event.reason)}` };
    case "opened":
      // Behind ffmpeg's own words: its banner stays the first of all lines.
      return { level: LEVELS.info, text: `split into chunks: ${oneLine(state.reason)}` };
    case "worker-up": {
      const detail = oneLine(event.detail);
      const slots = count(event.slots, "slot");
      return {
        level: LEVELS.verbose,
        text: `worker ${oneLine(event.worker)}: ${slots}${detail === "" ? "" : `, ${detail}`}`,
      };
    }
    case "worker-dropped": {
      const fix = event.fix === undefined ? "" : `; try: ${oneLine(event.fix)}`;
      return { level: LEVELS.warning, text: `worker ${oneLine(event.worker)} dropped: ${oneLine(event.reason)}${fix}` };
    }
    case "chunk-failed":
      return chunkFailed(event, state);
    case "chunk-done": {
      const did = `${count(event.frames, "frame")} in ${event.seconds.toFixed(1)} s`;
      return { level: LEVELS.debug, text: `chunk ${event.chunk} done on ${oneLine(event.worker)}: ${did}` };
    }
    case "chunk-doubled": {
      const why = `${oneLine(event.holder)} would take longer`;
      const text = `chunk ${event.chunk} is started a second time, on ${oneLine(event.worker)}: ${why}`;
      return { level: LEVELS.verbose, text };
    }
    case "verifying":
      return { level: LEVELS.verbose, text: "verifying the output" };
    case "fell-back":
      return {
        level: event.refused ? LEVELS.verbose : LEVELS.warning,
        text: `running the whole command unsplit: ${oneLine(event.reason)}`,
      };
    case "notice":
      return { level: LEVELS[event.level], text: oneLine(event.text) };
    case "chunk-kept":
      return { level: LEVELS.debug, text: `chunk ${event.chunk} was finished by an earlier run` };
    case "resumable":
      return { level: state.phase === "failed" ? LEVELS.error : LEVELS.info, text: resumable(event) };
    case "stopped":
      return { level: LEVELS.warning, text: "stopped before the first chunk was complete: nothing was written" };
    case "done":
      return event.stop && { level: LEVELS.info, text: headOf(event) };
    default:
      return undefined;
  }
}

function resumable({ id, chunks, bytes, place }: Extract<JobEvent, { type: "resumable" }>): string {
  const kept = `${count(chunks, "finished chunk")} (${size(bytes)}) are kept in ${oneLine(place)}`;
  return `${kept}: the same command goes on from there (or distffmpeg jobs resume ${id}; jobs remove ${id} gives them up)`;
}

function headOf({ output, frames, seconds }: Extract<JobEvent, { type: "done" }>): string {
  return `stopped: the film's first ${count(frames, "frame")} (${clock(seconds)}) are in ${oneLine(output)}`;
}

function chunkFailed(event: Extract<JobEvent, { type: "chunk-failed" }>, state: JobState): Message {
  const where = `chunk ${event.chunk} failed on ${oneLine(event.worker)} (attempt ${event.attempt})`;
  // The loser of a race for a chunk that another worker has done costs nothing: no cause for a warning.
  const lost = !event.retry && state.chunks.get(event.chunk)?.done !== undefined;
  const level = lost ? LEVELS.verbose : LEVELS.warning;
  return { level, text: `${where}${event.retry ? ", trying again" : ""}: ${oneLine(event.reason)}` };
}

/** What goes to stderr for an event, newline included; undefined for nothing. Failures take the form of renderError. */
export function renderMessage(event: JobEvent, state: JobState, options: MessageOptions): string | undefined {
  if (event.type === "failed") return options.loglevel >= LEVELS.error ? renderError(event, options.chalk) : undefined;
  if (event.type === "opened" && options.hideBanner) return undefined;
  const message = messageFor(event, state);
  if (message === undefined || message.level > options.loglevel) return undefined;
  const name = message.level <= LEVELS.warning ? options.chalk.yellow("distffmpeg:") : options.chalk.dim("distffmpeg:");
  return `${name} ${message.text}\n`;
}
