import { join } from "node:path";
import { FramecrcParser, type Packet } from "../../../src/ffmpeg/packets.js";
import { ToldPackets } from "../../../src/join/told-packets.js";
import { runLocal } from "../../../src/ffmpeg/run.js";
import { type Rational, rational } from "../../../src/lib/rational.js";
import type { ChunkPart } from "../../../src/plan/chunk.js";

/** Frames of the films here: 160x90, 25 a second. */
export const RATE: Rational = rational(25);
export const TICK: Rational = rational(1, 25);

/** A chunk that is to show exactly these ticks. */
export function chunkOf(ticks: readonly number[]): ChunkPart {
  return {
    ...{
      index: 0,
      outputsBefore: 0,
      firstSegment: 0,
      lastSegment: 0,
      firstPts: ticks[0] ?? 0,
      lastPts: ticks.at(-1) ?? 0,
    },
    graph: [...ticks],
    ticks: ticks.map((tick) => ({ tick, source: tick, owner: tick })),
  };
}

export const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

export async function ffmpeg(...args: readonly string[]): Promise<void> {
  const end = await runLocal("ffmpeg", ["-v", "error", "-nostdin", "-y", ...args]);
  if (end.code !== 0) throw new Error(end.stderrTail.join("\n"));
}

export const X264 =
  "-c:v libx264 -preset ultrafast -bf 2 -x264-params stitchable=1:b-adapt=0:scenecut=0 -pix_fmt yuv420p".split(" ");

/** The frames from one tick up to another, encoded as a worker does it: with their absolute times, into NUT. */
export async function encode(folder: string, name: string, from: number, to: number, codec: readonly string[] = X264) {
  const path = join(folder, `${name}.nut`);
  await ffmpeg(
    ...["-f", "lavfi", "-i", `testsrc=s=160x90:r=25:d=${to / 25}`, "-vf", `trim=start_frame=${from}`],
    ...["-fps_mode", "passthrough", "-enc_time_base", "1/25", ...codec],
    ...["-avoid_negative_ts", "disabled", "-write_index", "0", "-f", "nut", path],
  );
  return path;
}

/** What framecrc says of a file's first video stream, line by line in the order in which the packets are stored. */
async function linesOf(path: string): Promise<string[]> {
  const args = ["-v", "error", "-nostdin", "-copyts", "-i", path, "-map", "0:v:0", "-c", "copy", "-copyinkf"];
  return (await runLocal("ffmpeg", [...args, "-f", "framecrc", "-"])).stdout.split("\n");
}

/** The packets of a file's first video stream in the order they are stored. */
export async function packetsOf(path: string): Promise<Packet[]> {
  const parser = new FramecrcParser();
  return (await linesOf(path)).flatMap((line) => parser.line(line) ?? []);
}

/** As if they had been told of while they were made, the first so many at most. */
export async function toldOf(path: string, most = 1000): Promise<ToldPackets> {
  const told = new ToldPackets(most);
  for (const line of await linesOf(path)) told.push(line);
  return told;
}

/** Its pictures by their hashes. */
export async function picturesOf(path: string): Promise<string[]> {
  const args = [
    "-v",
    "error",
    "-nostdin",
    "-i",
    path,
    "-map",
    "0:v:0",
    "-fps_mode",
    "passthrough",
    "-f",
    "framemd5",
    "-",
  ];
  const end = await runLocal("ffmpeg", args);
  return end.stdout.split("\n").flatMap((line) => (line.startsWith("#") ? [] : [line.split(",").at(-1)?.trim() ?? ""]));
}
