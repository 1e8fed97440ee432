import type { FilterUse } from "../ffmpeg/filtergraph.js";
import { lastValue } from "./encoders/types.js";
import type { FilmPlan } from "./film.js";

/** How large pictures are, for estimates of memory and threads. */
export interface Size {
  readonly width: number;
  readonly height: number;
  /** More than 8 bits for a sample. */
  readonly deep: boolean;
}

/** What is taken where nobody says how large the pictures are. */
const USUAL = { width: 1920, height: 1080 };

/**
 * About how large a rendition's pictures are: the source's, by way of the filters that plainly say a size, and `-s`. What
 * is said by an expression counts as unchanged: this is for estimates alone.
 */
export function sizeOfFilm({ source, filters, encoderOptions }: FilmPlan): Size {
  let size = { width: source.width ?? USUAL.width, height: source.height ?? USUAL.height };
  for (const { use } of filters?.graph.line ?? []) size = through(use, size);
  const [, width, height] = /^(\d+)x(\d+)$/.exec(lastValue(encoderOptions, "s") ?? "") ?? [];
  const format = lastValue(encoderOptions, "pix_fmt") ?? source.pixelFormat;
  return { ...(width && height ? { width: Number(width), height: Number(height) } : size), deep: isDeep(format) };
}

/** The source's own size. */
export function sizeOfSource(plan: FilmPlan | undefined): Size {
  const { width = USUAL.width, height = USUAL.height, pixelFormat } = plan?.source ?? {};
  return { width, height, deep: isDeep(pixelFormat) };
}

/** By the names of libavutil/pixdesc.c: yuv420p10le, gbrp12be, p010le. */
function isDeep(pixelFormat: string | undefined): boolean {
  return /(9|1[0-6])(le|be)?$/.test(pixelFormat ?? "");
}

type Plain = Omit<Size, "deep">;

function through({ name, options }: FilterUse, size: Plain): Plain {
  if (name === "transpose") return { width: size.height, height: size.width };
  if (name !== "scale" && name !== "zscale" && name !== "crop") return size;
  const said = (place: number, ...names: string[]): string =>
    options.findLast((o) => o.name !== undefined && names.includes(o.name))?.value ??
    options.filter((o) => o.name === undefined)[place]?.value ??
    "";
  const both = /^(\d+)x(\d+)$/.exec(said(0, "s", "size"));
  if (both) return { width: Number(both[1]), height: Number(both[2]) };
  const width = plainSize(said(0, "w", "width", "out_w"), size);
  const height = plainSize(said(1, "h", "height", "out_h"), size);
  // A negative number keeps the shape.
  if (width !== undefined && width > 0 && height !== undefined && height < 0)
    return { width, height: Math.round((size.height * width) / size.width) };
  if (height !== undefined && height > 0 && width !== undefined && width < 0)
    return { width: Math.round((size.width * height) / size.height), height };
  return {
    width: width !== undefined && width > 0 ? width : size.width,
    height: height !== undefined && height > 0 ? height : size.height,
  };
}

/** A number, or a size of the input with a whole number behind it: `iw/2`, `ih*3`. */
function plainSize(text: string, { width, height }: Plain): number | undefined {
  if (/^-?\d+$/.test(text)) return Number(text);
  const [, which, operator, by] = /^(i[wh]|in_[wh])(?:([*/])(\d+))?$/.exec(text) ?? [];
  if (which === undefined) return undefined;
  const own = which.endsWith("w") ? width : height;
  if (operator === undefined) return own;
  return Math.round(operator === "*" ? own * Number(by) : own / Math.max(1, Number(by)));
}
