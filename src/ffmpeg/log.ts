import { parseRational, type Rational } from "../lib/rational.js";

/** One line of ffmpeg's "Stream mapping:" for a stream that goes from an input straight to an output. */
export interface StreamMapping {
  readonly inputFile: number;
  readonly inputStream: number;
  readonly outputFile: number;
  readonly outputStream: number;
  /** Undefined when the stream is copied. */
  readonly decoder: string | undefined;
  readonly encoder: string | undefined;
}

/** A stream that goes into a graph of `-filter_complex`. */
export interface GraphFeed {
  readonly inputFile: number;
  readonly inputStream: number;
  readonly decoder: string;
  /** The filter it goes to, by its kind ("overlay"). */
  readonly filter: string;
  /** Place of the graph among those of the command. */
  readonly graph: number;
}

/** A stream of the output that comes out of a graph of `-filter_complex`. */
export interface GraphYield {
  readonly outputFile: number;
  readonly outputStream: number;
  readonly encoder: string;
  /** The filter it comes from, by its kind. */
  readonly filter: string;
  readonly graph: number;
}

/** What a filter graph is fed, by ffmpeg's own word (`-v verbose`, libavfilter/buffersrc.c). */
export interface GraphInput {
  readonly inputFile: number;
  readonly inputStream: number;
  readonly width: number;
  readonly height: number;
  readonly pixelFormat: string;
  readonly timeBase: Rational;
  /** The rate ffmpeg guessed or was told for the stream; undefined when it knows none (0/1). */
  readonly frameRate: Rational | undefined;
}

export type LogFact =
  | { readonly kind: "mapping"; readonly mapping: StreamMapping }
  | { readonly kind: "graph-feed"; readonly feed: GraphFeed }
  | { readonly kind: "graph-yield"; readonly yield: GraphYield }
  /** A mapping line of another kind (an attachment, a stream synchronised with another one). */
  | { readonly kind: "complex-mapping"; readonly text: string }
  | { readonly kind: "graph-input"; readonly input: GraphInput };

/** True for ffmpeg's line about how many bytes went into which kind of stream (fftools/ffmpeg_mux.c mux_final_stats, 7.1). */
export function isSizeLine(text: string): boolean {
  return /^(?:\[out#\d+\/\S+ @ \w+\] )?video:\d+Ki?B audio:/i.test(text);
}

/**
 * Whether ffmpeg says that the end of its file could not be written. It ends with status 0 all the same
 * (fftools/ffmpeg.c, 5.1): seen with a disk that is full when the last buffer is flushed.
 */
export function endNotWritten(log: readonly string[]): boolean {
  return log.some((line) => /^Error (writing trailer of|closing file) /.test(line));
}

/** ffmpeg's exit status when a signal ended it in order: what it has written is whole (fftools/ffmpeg.c, 255). */
export const INTERRUPTED = 255;

/** Whether all that ffmpeg was to write is there, up to where it was told to stop. */
export function hasWritten({
  code,
  stderrTail,
}: {
  readonly code: number | undefined;
  readonly stderrTail: readonly string[];
}): boolean {
  return (code === 0 || code === INTERRUPTED) && !endNotWritten(stderrTail);
}

/** The number and the muxer of the output that ffmpeg begins to describe (fftools/ffmpeg.c, av_dump_format). */
export function readOutputLine(line: string): { readonly number: number; readonly muxer: string } | undefined {
  const [, number, muxer] = /^Output #(\d+), (\S+), to /.exec(line) ?? [];
  return number === undefined || muxer === undefined
    ? undefined
    : { number: Number(number), muxer: muxer.replace(/,$/, "") };
}

/**
 * Reads ffmpeg's log at `-v verbose` (fftools/ffmpeg.c print_stream_maps, libavfilter/buffersrc.c init_video;
 * ffmpeg 5.1 and 7.1). Lines that say nothing of interest give undefined.
 */
export function readLogLine(line: string): LogFact | undefined {
  const direct = /^ {2}Stream #(\d+):(\d+) -> #(\d+):(\d+) \((copy|(\S+) \((\S+)\) -> (\S+) \((\S+)\))\)/.exec(line);
  if (direct) {
    const [, inFile, inStream, outFile, outStream, , decoderCodec, decoderName, encoderCodec, encoderName] = direct;
    return {
      kind: "mapping",
      mapping: {
        inputFile: Number(inFile),
        inputStream: Number(inStream),
        outputFile: Number(outFile),
        outputStream: Number(outStream),
        decoder: decoderName === "native" ? decoderCodec : decoderName,
        encoder: encoderName === "native" ? encoderCodec : encoderName,
      },
    };
  }
  const ofGraph = readGraphMapping(line);
  if (ofGraph) return ofGraph;
  if (/^ {2}(Stream #|File )\S+.* -> /.test(line) || /^ {2}\S+ -> Stream #/.test(line)) {
    return { kind: "complex-mapping", text: line.trim() };
  }
  const graph =
    /^\[graph -?\d+ input from stream (\d+):(\d+) @ 0x[0-9a-f]+\] w:(\d+) h:(\d+) pixfmt:(\S+) tb:(\S+) fr:(\S+) sar:/.exec(
      line,
    );
  if (!graph) return undefined;
  const [, file, stream, width, height, pixelFormat = "", tb = "", fr = ""] = graph;
  const timeBase = parseRational(tb);
  if (!timeBase) return undefined;
  const frameRate = parseRational(fr);
  return {
    kind: "graph-input",
    input: {
      inputFile: Number(file),
      inputStream: Number(stream),
      width: Number(width),
      height: Number(height),
      pixelFormat,
      timeBase,
      frameRate: frameRate && frameRate.num > 0n ? frameRate : undefined,
    },
  };
}

/** The two kinds of mapping lines of `-filter_complex`; the graph's number is told where there are several. */
function readGraphMapping(line: string): LogFact | undefined {
  const into = /^ {2}Stream #(\d+):(\d+) \((\S+)\) -> (\w+)(?::\S+)?(?: \(graph (\d+)\))?$/.exec(line);
  if (into) {
    const [, file, stream, decoder = "", filter = "", graph = "0"] = into;
    const numbers = { inputFile: Number(file), inputStream: Number(stream), graph: Number(graph) };
    return { kind: "graph-feed", feed: { ...numbers, decoder, filter } };
  }
  const out = /^ {2}(\w+)(?::\S+)?(?: \(graph (\d+)\))? -> Stream #(\d+):(\d+) \((\S+)\)$/.exec(line);
  if (!out) return undefined;
  const [, filter = "", graph = "0", file, stream, encoder = ""] = out;
  const numbers = { outputFile: Number(file), outputStream: Number(stream), graph: Number(graph) };
  return { kind: "graph-yield", yield: { ...numbers, encoder, filter } };
}
