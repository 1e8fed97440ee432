import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readProbe, type StreamInfo } from "../../../src/ffmpeg/media.js";
import { runLocal } from "../../../src/ffmpeg/run.js";
import { rotationFilters } from "../../../src/plan/rotation.js";
import { stream } from "./rig.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "distffmpeg-rotation-"));
  const end = await runLocal("ffmpeg", [
    ..."-v error -nostdin -f lavfi -i testsrc=s=96x64:r=5:d=0.4 -c:v mpeg4 -q:v 2".split(" "),
    film("upright"),
  ]);
  expect(end.stderrTail).toEqual([]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const film = (name: string): string => join(folder, `${name}.mp4`);

/** Frames of one film by their hashes. */
async function frames(args: readonly string[]): Promise<string[]> {
  const end = await runLocal("ffmpeg", ["-v", "error", "-nostdin", ...args, "-f", "framemd5", "-"]);
  expect(end.stderrTail).toEqual([]);
  return end.stdout.split("\n").filter((line) => line.startsWith("0,") || line.startsWith("#dimensions"));
}

async function probe(path: string): Promise<StreamInfo> {
  const end = await runLocal("ffprobe", ["-v", "error", "-show_streams", "-of", "json", path]);
  const media = readProbe(end.stdout);
  const found = media.ok ? media.value.streams[0] : undefined;
  if (!found) throw new Error("no stream");
  return found;
}

/** The film with this matrix in its track header (ISO 14496-12, 8.3.2): four terms, the rest as usual. */
async function withMatrix(name: string, [a, b, c, d]: readonly [number, number, number, number]): Promise<string> {
  const bytes = await readFile(film("upright"));
  const at = bytes.indexOf("tkhd") + 4 + 40;
  for (const [i, term] of [a, b, 0, c, d, 0, 0, 0].entries()) bytes.writeInt32BE(Math.round(term * 65536), at + 4 * i);
  await writeFile(film(name), bytes);
  return film(name);
}

const turn = (degrees: number): [number, number, number, number] => {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  return [cos, sin, -sin, cos];
};

const MATRICES: readonly (readonly [string, readonly [number, number, number, number]])[] = [
  ["upright", [1, 0, 0, 1]],
  ["turned by 90", [0, 1, -1, 0]],
  ["turned by 180", [-1, 0, 0, -1]],
  ["turned by 270", [0, -1, 1, 0]],
  ["mirrored", [-1, 0, 0, 1]],
  ["upside down", [1, 0, 0, -1]],
  ["turned by 90 and mirrored", [0, 1, 1, 0]],
  ["turned by 270 and mirrored", [0, -1, -1, 0]],
  ["turned by 30", turn(30)],
  ["turned by -45", turn(-45)],
  ["turned by less than a degree", turn(0.6)],
];

describe("rotationFilters", () => {
  test.each(MATRICES)("do what the installed ffmpeg does by itself: %s", async (name, matrix) => {
    const path = await withMatrix(name.replaceAll(" ", "-"), matrix);
    const filters = rotationFilters(await probe(path));
    const plain = await frames(["-i", path]);
    expect(plain.length).toBeGreaterThan(2);
    const chain = filters.length === 0 ? [] : ["-vf", filters.join(",")];
    expect(await frames(["-autorotate", "0", "-i", path, ...chain])).toEqual(plain);
  });

  test("the turns of a camera", async () => {
    const seen: string[] = [];
    for (const [name, matrix] of MATRICES.slice(0, 4)) {
      seen.push(rotationFilters(await probe(await withMatrix(name.replaceAll(" ", "-"), matrix))).join(","));
    }
    expect(seen).toEqual(["", "transpose=clock", "hflip,vflip", "transpose=cclock"]);
  });

  test("without a matrix, or with one that says nothing, there are none", () => {
    const beside = (matrix: readonly number[] | undefined): StreamInfo =>
      stream(0, "video", { sideData: [{ type: "Display Matrix", rotation: 0, matrix, text: "{}" }] });
    expect(rotationFilters(stream(0, "video"))).toEqual([]);
    expect(rotationFilters(beside(undefined))).toEqual([]);
    expect(rotationFilters(beside([0, 0, 0, 0, 0, 0, 0, 0, 0]))).toEqual([]);
    const other = {
      type: "CPB properties",
      rotation: undefined,
      matrix: [0, 65536, 0, -65536, 0, 0, 0, 0, 1],
      text: "{}",
    };
    expect(rotationFilters(stream(0, "video", { sideData: [other] }))).toEqual([]);
  });
});
