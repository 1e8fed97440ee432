import { clock } from "../text.js";
import { escape } from "./escape.js";
import type { Span, SpanKind } from "./facts.js";

/** Charts are drawn this wide and stretched to the page; they hold no text, which would be stretched as well. */
const WIDE = 1000;

/** From here on single spans cannot be pointed at: one path for all is drawn in their place. */
const SINGLE = 2500;

const round = (value: number): number => Math.round(value * 100) / 100;

function svg(height: number, content: string, label: string): string {
  const name = `role="img" aria-label="${escape(label)}"`;
  return `<svg viewBox="0 0 ${WIDE} ${height}" preserveAspectRatio="none" style="height:${height}px" ${name}>${content}</svg>`;
}

/** Sending above, encoding in the middle, fetching below: they go on at the same time. */
const BAND: Readonly<Record<SpanKind, readonly [top: number, height: number]>> = {
  upload: [0, 3],
  encode: [4, 10],
  failed: [4, 10],
  cancelled: [4, 10],
  download: [15, 3],
};

/** What a slot did, along the time of the job (`seconds`). `many`: spans in the whole page. */
export function slotChart(spans: readonly Span[], seconds: number, many: number, label: string): string {
  const scale = WIDE / Math.max(seconds, 0.001);
  const paths = new Map<SpanKind, string>();
  let single = "";
  for (const { kind, chunk, from, to } of spans) {
    const [top, height] = BAND[kind];
    const x = round(from * scale);
    const length = Math.max(1, round((to - from) * scale - 0.5));
    if (many > SINGLE) {
      paths.set(kind, `${paths.get(kind) ?? ""}M${x} ${top}h${length}v${height}h-${length}z`);
    } else {
      const title = `chunk ${chunk}: ${kind}, ${(to - from).toFixed(1)} s from ${clock(from)}`;
      single += `<rect class="${kind}" x="${x}" y="${top}" width="${length}" height="${height}"><title>${title}</title></rect>`;
    }
  }
  const drawn = [...paths].map(([kind, path]) => `<path class="${kind}" d="${path}"/>`).join("");
  return svg(18, single + drawn, label);
}

/** Values as filled steps from 0 to `most`; each is as wide as `widths` says, or all are equal. */
export function stepChart(values: readonly number[], { most, width, widths, height = 60, label }: StepOptions): string {
  const scale = most > 0 ? (height - 2) / most : 0;
  const unit = WIDE / Math.max(width, 0.001);
  let x = 0;
  let path = `M0 ${height}`;
  for (const [i, value] of values.entries()) {
    path += `L${round(x)} ${round(height - value * scale)}`;
    x += (widths?.[i] ?? 1) * unit;
    path += `H${round(x)}`;
  }
  return svg(height, `<path class="area" d="${path}V${height}z"/>`, label);
}

export interface StepOptions {
  readonly most: number;
  /** What the chart's whole width stands for, in the units of `widths`. */
  readonly width: number;
  readonly widths?: readonly number[];
  readonly height?: number;
  readonly label: string;
}

/** Shares of a whole side by side, in the classes' colours. */
export function shareBar(parts: readonly (readonly [name: string, value: number])[], label: string): string {
  const sum = parts.reduce((all, [, value]) => all + value, 0);
  let x = 0;
  let bars = "";
  for (const [name, value] of parts) {
    const length = sum > 0 ? round((value / sum) * WIDE) : 0;
    if (length > 0) bars += `<rect class="${name}" x="${round(x)}" y="0" width="${length}" height="14"/>`;
    x += length;
  }
  return svg(14, bars, label);
}

/** The time below a chart, from 0 to `seconds`. */
export function timeAxis(seconds: number): string {
  const marks = [0, 0.25, 0.5, 0.75, 1].map((share) => `<span>${clock(seconds * share)}</span>`);
  return `<div class="axis">${marks.join("")}</div>`;
}
