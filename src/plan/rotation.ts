import type { StreamInfo } from "../ffmpeg/media.js";

/**
 * The filters that ffmpeg puts before the user's to turn a picture as its display matrix says
 * (fftools/ffmpeg_filter.c configure_input_video_filter, 5.1 and 7.1). NUT has no place for the matrix,
 * so the chunk's chain is given them by name.
 */
export function rotationFilters(source: StreamInfo): string[] {
  const matrix = source.sideData.find((d) => d.type === "Display Matrix")?.matrix;
  if (!matrix) return [];
  const [a = 0, b = 0, , c = 0, d = 0] = matrix;
  // av_display_rotation_get (libavutil/display.c) gives the angle counter-clockwise; get_rotation() (fftools) turns
  // its sign and brings it into 0..360.
  const [scaleX, scaleY] = [Math.hypot(a, c), Math.hypot(b, d)];
  if (scaleX === 0 || scaleY === 0) return [];
  const counterClockwise = -(Math.atan2(b / scaleY, a / scaleX) * 180) / Math.PI;
  let theta = -Math.round(counterClockwise);
  theta -= 360 * Math.floor(theta / 360 + 0.9 / 360);
  const near = (angle: number): boolean => Math.abs(theta - angle) < 1;
  if (near(90)) return [c > 0 ? "transpose=cclock_flip" : "transpose=clock"];
  if (near(180)) return [...(a < 0 ? ["hflip"] : []), ...(d < 0 ? ["vflip"] : [])];
  if (near(270)) return [c < 0 ? "transpose=clock_flip" : "transpose=cclock"];
  if (Math.abs(theta) > 1) return [`rotate=${theta}*PI/180`];
  return d < 0 ? ["vflip"] : [];
}
