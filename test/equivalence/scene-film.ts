import { make } from "./compare.js";
import { run } from "./programs.js";

/** Where the film's scenes begin, in frames: at none of its keyframes. */
export const CHANGES = [0, 55, 95, 170, 203, 265];
export const FRAMES = 310;

/** By these lengths each scene is a chunk. */
export const SCENE_LENGTHS = ["-df_keyint_min=30", "-df_segment_frames=50", "-df_keyint_max=80"] as const;

/** x264 that sets no keyframes but the first, and is lossless. */
export const KEYLESS = "-c:v libx264 -preset ultrafast -qp 0".split(" ");

const PICTURES = ["testsrc2", "smptebars", "mandelbrot", "rgbtestsrc", "testsrc2,negate", "smptehdbars"];

/** Makes the film, by the words for its encoder: 12.4 s of six scenes. */
export async function makeSceneFilm(path: string, encoder: readonly string[]): Promise<string> {
  const scenes = PICTURES.map((picture, i) => {
    const [source = "", ...more] = picture.split(",");
    const length = (CHANGES[i + 1] ?? FRAMES) - (CHANGES[i] ?? 0);
    return [`${source}=s=160x96:r=25`, `trim=end_frame=${length}`, "format=yuv420p", ...more].join(",");
  });
  const named = scenes.map((scene, i) => `${scene}[s${i}]`).join(";");
  const graph = `${named};${scenes.map((_, i) => `[s${i}]`).join("")}concat=n=${scenes.length}`;
  await make(["-f", "lavfi", "-i", graph, ...encoder, path]);
  return path;
}

/** An encoder with a keyframe every so many frames and nowhere else, B-pictures over them included. */
export function openGops(keyint: number): string[] {
  const params = `keyint=${keyint}:scenecut=0:open-gop=1`;
  return ["-c:v", "libx264", "-preset", "superfast", "-bf", "3", "-x264-params", params];
}

/** The frames of a film's keyframes, by their numbers. */
export async function keyframesOf(film: string): Promise<number[]> {
  const { stdout } = await run("ffprobe", [
    ...["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags", "-of", "csv=p=0", film],
  ]);
  const packets = stdout.trim().split("\n");
  const times = packets.map((line) => line.split(",")).sort(([a], [b]) => Number(a) - Number(b));
  return times.flatMap(([, flags], i) => (flags?.includes("K") ? [i] : []));
}
