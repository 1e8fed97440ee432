import { expect, test } from "vitest";
import { type ShownBench, renderBenches } from "../../../src/ui/bench.js";
import { readSpeeds } from "../../../src/workers/speeds.js";
import { worker } from "../workers/worker-config.js";

const SAID = [
  "@distffmpeg clip",
  "@distffmpeg clip-status 0",
  "@distffmpeg speed-libx264 0",
  "frame=   48 fps=0.0 q=-1.0 Lsize=N/A time=00:00:01.91 bitrate=N/A speed=3.8x",
  "bench: utime=0.956s stime=0.021s rtime=0.500s",
  "bench: maxrss=93716kB",
  "@distffmpeg speed-libx265 1",
  "Unknown encoder 'libx265'",
  "@distffmpeg speed-libsvtav1 124",
  "@distffmpeg end",
];

test("what the script says becomes frames per second, or why not", () => {
  expect(readSpeeds(SAID.join("\r\n"))).toMatchObject([
    { encoder: "libx264", fps: 96 },
    { encoder: "libx265", fps: undefined, why: "Unknown encoder 'libx265'" },
    { encoder: "libsvtav1", fps: undefined, why: "it was not through within 60 s" },
  ]);
  const noClip = SAID.join("\n").replace("clip-status 0", "clip-status 1").replace("clip\n", "clip\nno room\n");
  expect(readSpeeds(noClip.replace("libx264 0", "libx264 1"))[0]).toMatchObject({ fps: undefined, why: "no room" });
});

test("a row for each worker, a column for each encoder that one of them has", () => {
  const [x264, x265] = readSpeeds(SAID.join("\n"));
  if (!x264 || !x265) throw new Error("nothing read");
  const rates = { roundTrip: 12.34, up: 3 * 1024 ** 2, down: 10 * 1024 ** 2 };
  const bench = (name: string, speeds?: readonly (typeof x264)[]): ShownBench => ({
    worker: worker({ name }),
    measured: speeds ? { speeds, rates } : undefined,
    problem: speeds ? undefined : { what: "away" },
  });
  const table = renderBenches([bench("a", [x264]), bench("b", [x265]), bench("c")], { width: 2, height: 1, frames: 4 });
  expect(table.split("\n")).toEqual([
    "worker  libx264  libx265  round trip         up        down",
    "a          96.0        -     12.3 ms  3.0 MiB/s  10.0 MiB/s",
    "b             -   failed     12.3 ms  3.0 MiB/s  10.0 MiB/s",
    "c             -        -           -          -           -  see below",
    "b: libx265 does not encode: Unknown encoder 'libx265'",
    "frames per second of one ffmpeg, 4 frames of 2x1: libx264 -preset medium -crf 23; libx265 -preset fast -crf 26",
    "",
  ]);
});
