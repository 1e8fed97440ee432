import { afterAll } from "vitest";
import { type Case, holdCases } from "./cases.js";
import { run } from "./programs.js";
import { Sources } from "./sources.js";

/** Options and filters that say which times frames have, and when a film begins and ends. */
const sources = new Sources();
afterAll(() => sources.close());

/** From 6.1 on. */
const { stdout } = await run("ffmpeg", ["-hide_banner", "-version"]);
const byDuration = !/^ffmpeg version n?(?:[0-5]\.|6\.0)/.test(stdout);

const FFV1 = "-c:v ffv1";
const LOSSLESS = "-c:v libx264 -qp 0 -preset ultrafast";

/** Times that are moved when the output is written. */
const outputs: Record<string, Case> = {
  "-output_ts_offset": { args: `-i {late.mkv} -output_ts_offset 5.5 ${LOSSLESS} -bf 2 -c:a aac o.mp4` },
  "-muxdelay, -muxpreload": { args: `-i {h264.mp4} -muxdelay 0 -muxpreload 1.1 ${LOSSLESS} -c:a mp2 o.ts` },
};

/** The end of the shortest stream. */
const ends: Record<string, Case> = {
  "-shortest of a film alone": { args: `-i {long.mp4} -shortest -an ${FFV1} o.mkv` },
  "-shortest with sound": { args: `-i {h264.mp4} -shortest ${LOSSLESS} -c:a aac o.mp4`, whole: /-shortest/ },
};

/** The source's own times, and places counted from its end. */
const inputs: Record<string, Case> = {
  "-copyts, a film from second 37": { args: `-copyts -i {mpeg2.ts} ${FFV1} -c:a copy o.mkv` },
  "-copyts -start_at_zero": { args: `-copyts -start_at_zero -ss 1.3 -i {mpeg2.ts} ${LOSSLESS} -c:a aac o.mp4` },
  "-copyts, to a time of the source's own": {
    args: `-copyts -ss 2.3 -i {long.mp4} -vf fade=t=in:st=3:d=2 -to 6.1 ${FFV1} -c:a flac o.mkv`,
  },
  "-copyts, a late start at a constant rate": { args: `-copyts -i {late.mkv} ${LOSSLESS} -c:a aac o.mp4` },
  "-sseof": { args: `-sseof -5.2 -t 4 -i {long.mp4} ${LOSSLESS} -c:a aac o.mp4` },
  "-sseof with -copyts": { args: `-copyts -sseof -4.7 -i {h264.mp4} ${FFV1} -c:a flac o.mkv` },
  "-sseof before the film's head": { args: `-sseof -50 -i {opengop.mkv} ${FFV1} -an o.mkv` },
  "-seek_timestamp": { args: `-seek_timestamp 1 -ss 38.9 -i {mpeg2.ts} ${FFV1} -c:a flac o.mkv` },
};

/** Filters that move frames in time; 7.1 is not followed there. */
const moves: Record<string, Case> = Object.fromEntries(
  Object.entries<Case>({
    "setpts, from its first frame on": {
      args: `-i {late.mkv} -vf setpts=PTS-STARTPTS+3/TB,fade=t=in:st=4:d=2 -af asetpts=PTS-STARTPTS -c:a flac ${FFV1} o.mkv`,
    },
    "setpts, twice as fast": {
      args: `-i {vfr.mp4} -filter_complex [0:v]setpts=0.5*PTS[v];[0:a]atempo=2[a] -map [v] -map [a] ${LOSSLESS} -c:a aac o.mp4`,
    },
  }).map(([name, one]) => [name, { ...one, ...(byDuration ? { whole: /setpts filter is not followed/ } : {}) }]),
);

/** A film that is read several times in a row: 5.1 cannot copy one. */
const loops: Record<string, Case> = Object.fromEntries(
  Object.entries<Case>({
    "-stream_loop, with its sound": { args: `-stream_loop 1 -i {h264.mp4} ${LOSSLESS} -c:a aac o.mp4` },
    "-stream_loop without end, up to -t": { args: `-stream_loop -1 -i {mpeg2.ts} -t 8 ${FFV1} -c:a copy o.mkv` },
  }).map(([name, one]) => [
    name,
    { ...one, ...(byDuration ? {} : { whole: /cannot copy a film that is read again/ }) },
  ]),
);
const loopedSound: Record<string, Case> = {
  "-stream_loop of the sound": {
    args: `-i {long.mp4} -stream_loop 1 -i {h264.mp4} -map 0:v -map 1:a ${FFV1} -c:a copy o.mkv`,
  },
  "-stream_loop 0": { args: `-stream_loop 0 -i {opengop.mkv} ${FFV1} -c:a copy o.mkv` },
  "-stream_loop without end": {
    args: `-stream_loop -1 -i {h264.mp4} -frames:v 60 -an ${FFV1} o.mkv`,
    whole: byDuration ? /the film has no end/ : /cannot copy/,
  },
};

holdCases(sources, { outputs, inputs, ends, moves, loops, loopedSound });
