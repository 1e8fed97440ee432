import type { PassStats } from "../../ffmpeg/pass-stats.js";
import { table } from "../../lib/table.js";

/** Where an encoder's record of a frame has what its second pass shares out bits by. */
export interface ScoreFields {
  readonly error: number;
  readonly weight?: number;
  readonly skippedShare?: number;
  readonly inactiveRows?: number;
}

const VP9: ScoreFields = { weight: 1, error: 3, skippedShare: 12, inactiveRows: 14 };
const AV1: ScoreFields = { weight: 1, error: 4, skippedShare: 10, inactiveRows: 11 };

/**
 * By encoder, and by the number of fields a record has: it is another one in versions that put something else there.
 * (libvpx 1.12 and 1.15 vp8/encoder/firstpass.h and vp9/encoder/vp9_firstpass.h; libaom 3.6 and 3.12
 * av1/encoder/firstpass.h: the later ones have more behind.)
 */
export const SCORE_FIELDS: Readonly<Record<string, Readonly<Record<number, ScoreFields>>>> = table({
  libvpx: { 18: { error: 3 } },
  "libvpx-vp9": { 26: VP9, 27: VP9 },
  "libaom-av1": { 27: AV1, 29: AV1 },
});

/** The settings of the second pass of libvpx and libaom, as ffmpeg gives them. */
export interface ScoreSettings {
  /** `-qcomp`: how much the bits follow the complexity. */
  readonly bias: number;
  /** What a frame gets at least and at most, as shares of the average: `-minrate`, `-maxrate` over the bitrate. */
  readonly least: number;
  readonly most: number;
  /** Rows of blocks of 16 in a frame. */
  readonly rows: number;
}

/**
 * The bits that each frame of a film is to have, in display order, so that they add up to `target`. libvpx and libaom
 * give a frame its share of what is left by a score: its error against the average to the power of `bias`, a little
 * less where much of the picture does not change (vp9_firstpass.c vp9_init_second_pass, pass2_strategy.c).
 */
export function scoreBits(stats: PassStats, fields: ScoreFields, settings: ScoreSettings, target: number): number[] {
  const of = (record: Float64Array, field: number | undefined, otherwise: number): number =>
    field === undefined ? otherwise : (record[field] ?? otherwise);
  const errors = stats.frames.map((record) => of(record, fields.error, 0) * of(record, fields.weight, 1));
  const average = mean(errors);
  const scores = errors.map((error, i) => {
    const record = stats.frames[i] ?? new Float64Array();
    const still = of(record, fields.skippedShare, 0) / 2;
    const outside = (of(record, fields.inactiveRows, 0) * 2) / Math.max(1, settings.rows);
    const active = Math.min(Math.max(1 - still - outside, 0.5), 1);
    return (average === 0 ? 1 : error / average) ** settings.bias * Math.sqrt(active);
  });
  const middle = mean(scores) || 1;
  const bounded = scores.map((score) => Math.min(Math.max(score / middle, settings.least), settings.most));
  const all = bounded.reduce((a, b) => a + b, 0);
  return bounded.map((score) => (all === 0 ? target / scores.length : (target * score) / all));
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length);
}
