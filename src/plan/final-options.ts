import { fileOptions, type OptionUse, type OutputFile } from "../ffmpeg/command.js";
import { concernsOnlyVideo, findOption } from "../ffmpeg/options.js";
import { FILM_OPTIONS, PLANNED_OPTIONS } from "./route.js";

/** Options of the output that FINAL is given: all but what the plan carries out itself and what only encodes the film. */
export function finalOptions(output: OutputFile, films: readonly { readonly outputStream: number }[]): OptionUse[] {
  const places = films.map((film) => `${film.outputStream}`);
  return fileOptions(output).filter((use) => {
    if (use.name === "ss" || use.name === "t" || use.name === "to") return true;
    if (use.name === "frames" && !concernsOnlyVideo(use)) return true;
    if (PLANNED_OPTIONS.has(use.name)) return false;
    if (use.name === "c" || use.name === "tag" || use.name === "bsf") return true;
    const own = findOption(use.name) !== undefined;
    if (own && !FILM_OPTIONS.has(use.name)) return true;
    return !concernsOnlyVideo(use) && !places.includes(use.spec ?? "");
  });
}
