import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { rational } from "../../src/lib/rational.js";
import { forcedKeyframes } from "../../src/plan/keyframes.js";

const FRAMES = 60;

/** Which frames plain ffmpeg makes keyframes; the encoder makes none by itself but the first. */
function forcedByFfmpeg(value: string, offset: number): number[] {
  const source = ["-f", "lavfi", "-i", `testsrc=s=64x64:r=25:d=${FRAMES / 25},setpts=PTS+${offset}/25/TB`];
  const encoder = ["-c:v", "mpeg4", "-q:v", "5", "-g", "600", "-fps_mode", "passthrough", "-copyts"];
  const film = execFileSync("ffmpeg", [
    ...["-v", "error", "-nostdin", ...source, ...encoder, "-force_key_frames", value],
    ...["-f", "framecrc", "-"],
  ]);
  const packets = film
    .toString()
    .split("\n")
    .filter((line) => /^\d/.test(line));
  return packets.flatMap((line, i) => (line.includes("F=0x0") ? [] : [i]));
}

test.each([
  ["expr:gte(t,n_forced*0.5)", 0],
  ["expr:gte(t,0+n_forced*0.72)", 7],
  ["expr:not(mod(n,7))", 0],
  ["expr:if(isnan(prev_forced_t),gte(t,0.3),gte(t,prev_forced_t+0.61))", 0],
  ["expr:gte(n,prev_forced_n+11)", 0],
  ["0.5,1,1.00,2", 0],
  ["0:00:01,0.2", 12],
  ["0.2,0.3,5", 20],
])("-force_key_frames %s makes keyframes where ffmpeg makes them (start %d)", (value, offset) => {
  const forced = forcedKeyframes(value, rational(1, 25));
  if (!forced.ok) throw new Error(forced.failure);
  const clock = forced.value;
  const ours = Array.from({ length: FRAMES }, (_, i) => i).filter((i) => clock.next(i + offset, false) || i === 0);
  expect(ours).toEqual(forcedByFfmpeg(value, offset));
});

test.each(["chapters", "chapters-0.1", "expr:random(0)", "source_no_drop", "abc"])("%s is not followed", (value) => {
  expect(forcedKeyframes(value, rational(1, 25)).ok).toBe(false);
});
