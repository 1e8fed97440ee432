import { fileOptions, type OptionUse } from "../ffmpeg/command.js";
import { nutPipe } from "../ffmpeg/guarded-input.js";
import type { StreamMapping } from "../ffmpeg/log.js";
import type { StreamInfo } from "../ffmpeg/media.js";
import { formatRational, MICROSECOND, rescale } from "../lib/rational.js";
import { colourOptions, fieldOrderOption } from "./colours.js";
import type { FilmPlan, Reference } from "./film.js";
import { finalOptions } from "./final-options.js";
import { isMatroska } from "./muxers.js";
import { type InputStream, sameStream } from "./routing.js";
import { variantsOf } from "./streaming.js";
import { isTee } from "./tee.js";
import { companion, goesByCompany, inputWords, processingGlobals, words } from "./stages.js";
import { keepsTimes } from "./times.js";

/** A joined film as FINAL reads it. */
export interface JoinedFilm {
  readonly plan: FilmPlan;
  /** It says what ffmpeg takes off as the start time. */
  readonly firstTick: number;
  readonly reference: Reference;
}

/** The descriptor through which FINAL reads the first of an output's films; the others follow it. */
export const FIRST_PIPE = 3;

/**
 * FINAL: the user's own command for one output with its joined films, which come through pipes, in place of their
 * encoders; never none. It runs while the workers encode: sound and subtitles are encoded and everything is muxed as
 * the film's head arrives.
 */
export function finalArgs(films: readonly JoinedFilm[], outputPath: string): string[] {
  const [first] = films;
  if (!first) return [];
  const { plan } = first;
  const { command } = plan;
  const [output] = command.outputs;
  const options = output
    ? finalOptions(
        output,
        films.map((film) => film.plan.film),
      )
    : [];
  const limits = options.filter((use) => ["ss", "t", "to"].includes(use.name));
  return [
    ...["-v", "error", "-nostdin", "-y"],
    ...processingGlobals(command),
    ...command.inputs.flatMap(inputWords),
    ...films.flatMap((film, i) => filmInput(film, FIRST_PIPE + i)),
    ...plan.sound.flatMap((description) => ["-filter_complex", description]),
    ...maps(films),
    ...films.flatMap(tagWords),
    ...words(options),
    ...films.flatMap(filmWords),
    ...dispositions(films),
    ...(hasFormat(options) ? [] : ["-f", plan.muxer]),
    outputPath,
    ...(goesByCompany(plan) ? companion(plan.film.inputFile, unmapped(plan), { limits, heard: plan.heard }) : []),
  ];
}

/** ffmpeg takes the input's start time off, rounded to microseconds; the same number is put back here exactly. */
function filmInput({ plan, firstTick }: JoinedFilm, pipe: number): string[] {
  const taken = keepsTimes(plan.command) ? 0n : rescale(BigInt(firstTick), plan.encoderTimeBase, MICROSECOND);
  return [
    ...["-thread_queue_size", "256"],
    ...(toTee(plan) ? NO_TAG : []),
    ...["-itsoffset", `${taken + plan.startMicroseconds}us`, ...nutPipe(pipe)],
  ];
}

/**
 * A tee knows no tags of codecs: a copied stream's goes to all its files, of which some refuse that of NUT or of another
 * container (libavformat/mux.c validate_codec_tag). Without one each takes its own.
 */
const NO_TAG = ["-tag:v", "0"];

const toTee = ({ command }: FilmPlan): boolean => command.outputs.some(isTee);

/** Streams that the film's times hang on, and that the output itself does not use: the film, and other outputs' streams. */
function unmapped({ film, used, mappings }: FilmPlan): readonly InputStream[] {
  const beside = used.filter((m) => m.inputFile === film.inputFile && !mappings.some((own) => sameStream(own, m)));
  const others = beside.filter((m, i) => beside.findIndex((other) => sameStream(other, m)) === i);
  return [film, ...others.filter((m) => !sameStream(m, film))];
}

function tagWords({ plan, reference }: JoinedFilm): string[] {
  const tags = Object.entries(roomyTags(plan.muxer, reference)).filter(([key]) => key.toLowerCase() !== "duration");
  return tags.flatMap(([key, value]) => [`-metadata:s:${plan.film.outputStream}`, `${key}=${value}`]);
}

/** What the copied stream would lack, told as plain ffmpeg's head has it. */
function filmWords({ plan, reference }: JoinedFilm): string[] {
  const place = `${plan.film.outputStream}`;
  return [
    ...[`-c:${place}`, "copy", `-time_base:${place}`, formatRational(plan.encoderTimeBase)],
    ...[`-r:${place}`, formatRational(plan.outputRate)],
    // Containers that note a bitrate take it from here.
    ...(plan.rate?.bitrate === undefined ? [] : [`-b:${place}`, `${plan.rate.bitrate}`]),
    ...words(colourOptions(reference.film, `:${place}`)),
    ...words(fieldOrderOption(reference.film, `:${place}`)),
    ...(toTee(plan) ? [] : tagOption(reference.film.codecTag, place)),
  ];
}

/** The codec's tag as plain ffmpeg writes it: the one that NUT has for the codec need not be the encoder's or the muxer's. */
function tagOption(tag: string | undefined, place: string): string[] {
  return tag !== undefined && /^[\x20-\x7e]{4}$/.test(tag) ? [`-tag:${place}`, tag] : [];
}

/** The output's streams in their order; the joined films are inputs behind the user's. */
function maps(films: readonly JoinedFilm[]): string[] {
  const [first] = films;
  if (!first) return [];
  const { command, mappings, soundOutputs } = first.plan;
  const from = (m: StreamMapping): string => {
    const film = films.findIndex(({ plan }) => plan.film.outputStream === m.outputStream);
    return film === -1 ? `${m.inputFile}:${m.inputStream}` : `${command.inputs.length + film}:0`;
  };
  return [
    ...mappings.map((m) => ({ at: m.outputStream, map: from(m) })),
    ...soundOutputs.map(({ outputStream, label }) => ({ at: outputStream, map: `[${label}]` })),
  ]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ map }) => ["-map", map]);
}

/**
 * The films' dispositions are those of plain ffmpeg's head. Said of one stream, they keep ffmpeg from marking a default
 * among the others, unless the user has said them already (fftools/ffmpeg_mux_init.c set_dispositions): so these are
 * told too. But for covers, which keep their own: the head does not show all of them.
 */
function dispositions(films: readonly JoinedFilm[]): string[] {
  const [first] = films;
  const [output] = first?.plan.command.outputs ?? [];
  if (!first || !output) return [];
  const said = fileOptions(output).filter((use) => use.name === "disposition");
  const isFilm = (index: number): boolean => films.some(({ plan }) => plan.film.outputStream === index);
  // The head of one of several playlists has not all streams.
  const all = variantsOf(output) ? [] : first.reference.media.streams;
  const others = all.filter(({ index }) => !isFilm(index) && said.length === 0 && !first.plan.covers.includes(index));
  const told = [
    ...others.map((s): [number, StreamInfo] => [s.index, s]),
    ...films.map(({ plan, reference }): [number, StreamInfo] => [plan.film.outputStream, reference.film]),
  ].sort(([a], [b]) => a - b);
  return [...words(said), ...told.flatMap(([i, s]) => [`-disposition:${i}`, s.dispositions.join("+") || "0"])];
}

/** The film's tags, one of them made longer by blanks: the room for what is written into the head afterwards. */
function roomyTags(muxer: string, { film: { tags }, room }: Reference): Readonly<Record<string, string>> {
  if (room === 0) return tags;
  const matroska = isMatroska(muxer);
  const name = Object.keys(tags).find((key) => key.toLowerCase() === (matroska ? "title" : "handler_name"));
  const key = name ?? (matroska ? "title" : "handler_name");
  return { ...tags, [key]: (tags[key] ?? "") + " ".repeat(room) };
}

function hasFormat(options: readonly OptionUse[]): boolean {
  return options.some((use) => use.name === "f");
}
