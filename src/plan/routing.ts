import type { GraphFeed, GraphInput, GraphYield, StreamMapping } from "../ffmpeg/log.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";

/** Which streams of the inputs become which of the output, by ffmpeg's own word. */
export interface Routing {
  /** Streams that go straight from an input to the output. */
  readonly mappings: readonly StreamMapping[];
  /** Streams that go into graphs of `-filter_complex`, and those that come out. */
  readonly feeds: readonly GraphFeed[];
  readonly yields: readonly GraphYield[];
  /** A line of the stream mapping that is none of these. */
  readonly complexMapping: string | undefined;
  readonly graphInputs: readonly GraphInput[];
}

/** A stream of an input. */
export interface InputStream {
  readonly inputFile: number;
  readonly inputStream: number;
}

/** What ffprobe says of a stream. */
export function streamOf(
  inputs: readonly MediaInfo[],
  { inputFile, inputStream }: InputStream,
): StreamInfo | undefined {
  return inputs[inputFile]?.streams.find((s) => s.index === inputStream);
}

/** Whether two of ffmpeg's words are about the same stream of an input. */
export function sameStream(a: InputStream, b: InputStream): boolean {
  return a.inputFile === b.inputFile && a.inputStream === b.inputStream;
}

/** All streams that are used, as they are named in the log. */
export function usedStreams(routing: Pick<Routing, "mappings" | "feeds">): readonly InputStream[] {
  return [...routing.mappings, ...routing.feeds];
}
