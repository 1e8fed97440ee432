import { type FrameLog, hasTree, isReferenced, type LoggedFrame } from "../../ffmpeg/frame-log.js";

/**
 * The settings that the second passes of x264 and x265 share out bits by. All but the blurs are in the log's first
 * line; the encoders' own defaults where they are not.
 */
export interface CurveSettings {
  /** How much the bits follow the complexity: 0 is a constant bitrate, 1 a constant quantizer. */
  readonly qcompress: number;
  /** x264's mbtree, x265's cutree: it does the work of `qcompress`, block by block. */
  readonly tree: boolean;
  /** Quantizers of P over I, and of B over P. */
  readonly ipRatio: number;
  readonly pbRatio: number;
  readonly qpMin: number;
  readonly qpMax: number;
  /** How much the quantizer may change from a frame to the next of its type. */
  readonly qpStep: number;
  /** How far complexities are smoothed, in frames. */
  readonly complexityBlur: number;
  /** Blocks of 16 by 16 in a frame. */
  readonly blocks: number;
}

/** Reads the settings from the first line of a log; `complexityBlur` is said by the command only (`-cplxblur`). */
export function curveSettings(log: FrameLog, complexityBlur = 20): CurveSettings {
  const number = (names: readonly string[], otherwise: number): number => {
    for (const name of names) {
      const found = new RegExp(`(?:^| )${name}=(-?[0-9.]+)`).exec(log.options);
      if (found) return Number(found[1]);
    }
    return otherwise;
  };
  const [, width = "0", height = "0"] = /(?:^#options: |input-res=)(\d+)x(\d+)/.exec(log.options) ?? [];
  const tree = hasTree(log);
  return {
    qcompress: number(["qcomp"], 0.6),
    tree,
    ipRatio: number(["ip_ratio", "ipratio"], 1.4),
    pbRatio: tree ? 1 : number(["pb_ratio", "pbratio"], 1.3),
    qpMin: number(["qpmin"], 0),
    qpMax: number(["qpmax"], 69),
    qpStep: number(["qpstep"], 4),
    complexityBlur,
    blocks: Math.max(1, Math.ceil(Number(width) / 16) * Math.ceil(Number(height) / 16)),
  };
}

/** What the second pass knows of a frame. Sizes are bits. */
interface Entry {
  readonly type: "I" | "P" | "B";
  readonly referenced: boolean;
  readonly scale: number;
  readonly texture: number;
  readonly motion: number;
  readonly other: number;
  /** 1 − (share of intra blocks)²: how much of what was before lives on in it. */
  readonly kept: number;
}

const scaleOf = (qp: number): number => 0.85 * 2 ** ((qp - 12) / 6);
const qpOf = (scale: number): number => 12 + 6 * Math.log2(scale / 0.85);
const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

function entryOf(frame: LoggedFrame, blocks: number): Entry {
  const number = (name: string): number => frame.numbers.get(name) ?? 0;
  const intra = number("imb") + number("icu");
  return {
    type: /[iI]/.test(frame.type) ? "I" : frame.type === "P" ? "P" : "B",
    referenced: isReferenced(frame),
    scale: scaleOf(number("q")),
    texture: number("tex"),
    motion: number("mv"),
    other: number("misc"),
    kept: 1 - Math.min(1, intra / blocks) ** 2,
  };
}

/** Bits of a frame at a quantizer (as a linear scale), told from its bits in the first pass. */
function bitsAt(entry: Entry, scale: number): number {
  const at = Math.max(scale, 0.1);
  const motion = entry.motion * Math.sqrt(Math.max(entry.scale, 1) / Math.max(at, 1));
  return (entry.texture + 0.1) * (entry.scale / at) ** 1.1 + motion + entry.other;
}

/**
 * The bits that each frame of a film is to have, in coded order, so that they add up to `target`: what the second pass
 * of x264 or x265 would plan, given the statistics of the whole film. The quantizer follows the complexity by
 * `qcompress`; frames of one type stay near those around them; the factor over all is found by halving.
 * (x264 encoder/ratecontrol.c init_pass2, build 164; x265 3.5 does the same.)
 */
export function curveBits(log: FrameLog, settings: CurveSettings, target: number): number[] {
  const entries = log.frames.map((frame) => entryOf(frame, settings.blocks));
  const shown = [...entries.keys()].sort((a, b) => (log.frames[a]?.shown ?? 0) - (log.frames[b]?.shown ?? 0));
  const inOrder = shown.map((coded) => entries[coded]).filter((entry) => entry !== undefined);
  const wish = settings.tree
    ? inOrder.map(() => 1)
    : blurred(inOrder, settings.complexityBlur).map((c) => c ** (1 - settings.qcompress));
  const planned = (factor: number): number[] =>
    quantizers(inOrder, wish, factor, settings).map((scale, i) => bitsAt(inOrder[i] as Entry, scale));
  const total = (factor: number): number => planned(factor).reduce((a, b) => a + b, 0);
  let [low, high] = [1e-9, 1e9];
  for (let step = 0; step < 60; step++) {
    const middle = Math.sqrt(low * high);
    if (total(middle) > target) high = middle;
    else low = middle;
  }
  const bits = planned(low);
  const coded = new Array<number>(entries.length).fill(0);
  shown.forEach((place, i) => (coded[place] = bits[i] ?? 0));
  return coded;
}

/** Complexity (bits at quantizer scale 1, without headers) smoothed over the frames around, not across scene cuts. */
function blurred(entries: readonly Entry[], blur: number): number[] {
  const reach = Math.floor(blur * 2);
  const weightAt = Array.from({ length: reach + 1 }, (_, d) => Math.exp((-d * d) / 200));
  const complexity = entries.map((entry) => bitsAt(entry, 1) - entry.other);
  return entries.map((_, i) => {
    let [sum, weights] = [0, 0];
    const add = (j: number, weight: number): void => {
      sum += weight * (complexity[j] ?? 0);
      weights += weight;
    };
    let weight = 1;
    for (let d = 1; d < reach && i + d < entries.length && weight >= 1e-4; d++) {
      weight *= entries[i + d]?.kept ?? 0;
      add(i + d, weight * (weightAt[d] ?? 0));
    }
    weight = 1;
    for (let d = 0; d <= reach && d <= i && weight >= 1e-4; d++) {
      add(i - d, weight * (weightAt[d] ?? 0));
      weight *= entries[i - d]?.kept ?? 0;
    }
    return sum / weights;
  });
}

/** The quantizer scale of every frame in display order: from its wish, tied to the frames behind it, and bounded. */
function quantizers(entries: readonly Entry[], wish: readonly number[], factor: number, s: CurveSettings): number[] {
  const step = 2 ** (s.qpStep / 6);
  const last = { I: 1, P: 1, B: 1 };
  const scales = entries.map((entry, i) => {
    const asked = (wish[i] ?? 1) / factor;
    return (last[entry.type] = entry.texture + entry.motion === 0 ? last[entry.type] : asked);
  });
  let lastNonB: "I" | "P" | undefined;
  let [sumP, normP, lastNormP] = [0, 0, 1];
  for (let i = entries.length - 1; i >= 0; i--) {
    const entry = entries[i] as Entry;
    const { type } = entry;
    let q = scales[i] ?? 1;
    if (type === "I") {
      const fromP = normP > 0 ? scaleOf(sumP / normP) / s.ipRatio : q;
      const share = Math.min(1, normP);
      q = share * fromP + (1 - share) * q;
    } else if (type === "B") {
      q = lastNonB === undefined ? q : last[lastNonB];
      if (!entry.referenced) q *= s.pbRatio;
    } else if (lastNonB === "P" && entry.texture === 0) q = last.P;
    if (lastNonB === type && (type !== "I" || lastNormP < 1)) q = clamp(q, last[type] / step, last[type] * step);
    last[type] = q;
    if (type !== "B") lastNonB = type;
    if (type === "I") [lastNormP, sumP, normP] = [normP, 0, 0];
    if (type === "P") [sumP, normP] = [entry.kept * (qpOf(q) + sumP), entry.kept * (1 + normP)];
    scales[i] = q;
  }
  return scales.map((q) => bounded(q, s));
}

/** Bends the scale softly into the range of quantizers, as the second pass does. */
function bounded(scale: number, { qpMin, qpMax }: CurveSettings): number {
  const [low, high] = [Math.log(scaleOf(qpMin)), Math.log(scaleOf(qpMax))];
  if (low === high) return scaleOf(qpMin);
  const place = (Math.log(scale) - low) / (high - low) - 0.5;
  return Math.exp(low + (high - low) / (1 + Math.exp(-4 * place)));
}
