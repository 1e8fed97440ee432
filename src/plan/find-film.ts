import {
  type Command,
  fileOptions,
  globalOptions,
  type InputFile,
  lastOption,
  type OptionUse,
} from "../ffmpeg/command.js";
import type { GraphInput, StreamMapping } from "../ffmpeg/log.js";
import type { MediaInfo, StreamInfo } from "../ffmpeg/media.js";
import { findOption } from "../ffmpeg/options.js";
import { fail, ok, type Result } from "../lib/result.js";
import { finalOptions } from "./final-options.js";
import type { Findings } from "./prepare.js";
import { whyNoFilm } from "./route.js";
import { sameStream, streamOf, usedStreams } from "./routing.js";
import { carriage } from "./source-codecs.js";
import { optionConcerns, type StreamRef } from "./streams.js";

/** The films among the streams of an output. All are made of one stream of an input. */
export interface FoundFilms {
  readonly films: readonly (StreamMapping & { readonly encoder: string })[];
  /** All streams that go from an input to the output, the films' among them. */
  readonly mappings: readonly StreamMapping[];
  /** The input that the film is in, and what ffprobe says of it. */
  readonly input: InputFile;
  readonly media: MediaInfo;
  readonly source: StreamInfo;
  readonly sourceTag: string | undefined;
  readonly graph: GraphInput;
}

/** Finds the video streams that are encoded as films; `viaGraph` are those that go through `-filter_complex`. */
export function findFilms(
  command: Command,
  findings: Findings,
  viaGraph: readonly StreamMapping[],
): Result<FoundFilms, string> {
  const mappings = [...findings.mappings, ...viaGraph];
  const encoded = mappings.flatMap((m) => {
    const stream = streamOf(findings.inputs, m);
    return m.encoder !== undefined && stream?.type === "video" ? [{ m: { ...m, encoder: m.encoder }, stream }] : [];
  });
  const films = encoded.filter(
    ({ m, stream }) => !isCover(stream) && (encoded.length === 1 || !findings.stills.includes(m.inputFile)),
  );
  const [first] = films;
  if (!first) return fail("no video stream is encoded");
  const { m, stream } = first;
  if (films.some((film) => !sameStream(film.m, m))) return fail("several video streams are encoded");
  const beside = encoded.filter((other) => !films.includes(other)).map((other) => other.m);
  for (const film of films) {
    const reason = checkPictures(command, findings, mappings, film.m, beside);
    if (reason !== undefined) return fail(reason);
  }
  const uses = usedStreams({ mappings, feeds: viaGraph.length > 0 ? [] : findings.feeds });
  if (uses.filter((other) => sameStream(other, m)).length > films.length) return fail("the film is mapped twice");
  const [input, media] = [command.inputs[m.inputFile], findings.inputs[m.inputFile]];
  if (!input || !media) return fail("there is no film");
  const odd = whyNoFilm(input);
  if (odd !== undefined) return fail(odd);
  const carried = carriage(stream, media.format, m.decoder);
  if (!carried.ok) return carried;
  const graph = findings.graphInputs.find((g) => sameStream(g, m));
  if (!graph) return fail("ffmpeg did not say how it decodes the film");
  return ok({
    films: films.map((film) => film.m).sort((a, b) => a.outputStream - b.outputStream),
    ...{ mappings, input, media, source: stream, sourceTag: carried.value.tag, graph },
  });
}

/** True for a picture that goes with the sound or the film of its file. */
export function isCover(stream: StreamInfo | undefined): boolean {
  return stream?.dispositions.includes("attached_pic") === true;
}

/**
 * Pictures from files of their own (a cover) may be encoded beside the film: FINAL does it, with all of the user's
 * options but those that it is not given for the film's sake. None of these may concern the picture.
 */
function checkPictures(
  command: Command,
  findings: Findings,
  mappings: readonly StreamMapping[],
  film: StreamMapping,
  pictures: readonly StreamMapping[],
): string | undefined {
  const [output] = command.outputs;
  if (!output || pictures.length === 0) return undefined;
  if (pictures.some((m) => !findings.stills.includes(m.inputFile))) return "several video streams are encoded";
  const withheld = new Set(fileOptions(output));
  for (const use of finalOptions(output, [film])) withheld.delete(use);
  for (const picture of pictures) {
    const options = streamOptions([...withheld], mappings, findings.inputs, picture);
    if (!options.ok) return options.failure;
    const odd = options.value.find((use) => use.name !== "map" && use.name !== "disposition");
    if (odd) return `${odd.flag} concerns a picture beside the film too`;
  }
  return lastOption(globalOptions(command), "vsync") && "-vsync concerns a picture beside the film too";
}

/** Those options of the output that apply to this video stream of it, whatever their specifier. */
export function streamOptions(
  options: readonly OptionUse[],
  mappings: readonly StreamMapping[],
  inputs: readonly MediaInfo[],
  film: StreamMapping,
): Result<OptionUse[], string> {
  const videos = mappings.filter((m) => streamOf(inputs, m)?.type === "video");
  const typeIndex = videos.filter((m) => m.outputStream < film.outputStream).length;
  const ref: StreamRef = { type: "video", index: film.outputStream, typeIndex, attachedPicture: false };
  const uses: OptionUse[] = [];
  for (const use of options) {
    if (use.name === "metadata" || use.name === "map_metadata" || use.name === "program") continue;
    const concerns = optionConcerns(use, ref);
    if (concerns === undefined) return fail(`the stream specifier of ${use.flag} is not followed`);
    if (concerns && !isForOtherMedia(use)) uses.push(use);
  }
  return ok(uses);
}

function isForOtherMedia(use: OptionUse): boolean {
  const media = findOption(use.name)?.media;
  return media === "audio" || media === "subtitle";
}
