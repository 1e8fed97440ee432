import { describe, expect, it } from "vitest";
import {
  type FrameLog,
  joinFrameLogs,
  parseFrameLog,
  printFrameLog,
  sliceFrameLog,
  treeRange,
} from "../../../src/ffmpeg/frame-log.js";

const OPTIONS = "#options: 320x180 fps=25/1 timebase=1/25 bitdepth=8 rc=abr mbtree=1 bitrate=300";
/** Two GOPs as x264 writes them: coded order, with a B-frame that others refer to and one that none does. */
const ENTRIES = [
  "in:0 out:0 type:I dur:2 cpbdur:2 q:32.46 aq:19.27 tex:20120 mv:2490 misc:5974 imb:240 pmb:0 smb:0 d:- ref:;",
  "in:3 out:1 type:P dur:2 cpbdur:2 q:32.45 aq:27.40 tex:9691 mv:736 misc:237 imb:32 pmb:52 smb:156 d:- ref:0 ;",
  "in:1 out:2 type:B dur:2 cpbdur:2 q:32.45 aq:34.59 tex:4202 mv:588 misc:242 imb:2 pmb:9 smb:229 d:s ref:0 ;",
  "in:2 out:3 type:b dur:2 cpbdur:2 q:32.45 aq:34.59 tex:402 mv:58 misc:24 imb:0 pmb:9 smb:229 d:s ref:0 ;",
  "in:4 out:4 type:I dur:2 cpbdur:2 q:30.10 aq:19.27 tex:10120 mv:490 misc:974 imb:240 pmb:0 smb:0 d:- ref:;",
  "in:5 out:5 type:P dur:2 cpbdur:2 q:31.45 aq:27.40 tex:691 mv:76 misc:37 imb:3 pmb:52 smb:156 d:- ref:0 w:1,32,-1;",
];
const TEXT = `${[OPTIONS, ...ENTRIES].join("\n")}\n`;

function parsed(text: string): FrameLog {
  const log = parseFrameLog(text);
  if (!log.ok) throw new Error(log.failure);
  return log.value;
}

describe("parseFrameLog", () => {
  it("reads frames in coded order, with their numbers", () => {
    const { frames, options } = parsed(TEXT);
    expect(options).toBe(OPTIONS);
    expect(frames.map(({ shown }) => shown)).toEqual([0, 3, 1, 2, 4, 5]);
    expect(frames[1]?.type).toBe("P");
    expect(frames[1]?.numbers.get("tex")).toBe(9691);
    expect(frames[1]?.numbers.has("type")).toBe(false);
  });

  it("gives the same text back", () => expect(printFrameLog(parsed(TEXT))).toBe(TEXT));

  it.each([
    ["", "no line of options"],
    [`${OPTIONS}\n`, "not the frames of one film"],
    [TEXT.slice(0, -8), "cut off"],
    [TEXT.replace("out:2", "out:7"), "frame 7 stands at place 2"],
    [TEXT.replace("in:3", "in:9"), "not the frames of one film"],
    [TEXT.replace("in:3", "in:2"), "not the frames of one film"],
    [TEXT.replace("in:3", "at:3"), "entry 1 is no frame"],
  ])("refuses what is no whole log (%#)", (text, why) => {
    const log = parseFrameLog(text);
    expect(log.ok ? "" : log.failure).toContain(why);
  });
});

describe("parts of a log", () => {
  const whole = parsed(TEXT);
  const slice = (first: number, end: number) => sliceFrameLog(whole, first, end);

  it("stand by themselves from a closing keyframe to before another", () => {
    const [head, tail] = [slice(0, 4), slice(4, 6)];
    if (!head.ok || !tail.ok) throw new Error("cannot be sliced");
    expect(tail.value.firstCoded).toBe(4);
    expect(tail.value.log.frames.map(({ shown }) => shown)).toEqual([0, 1]);
    expect(printFrameLog(tail.value.log)).toContain("\nin:0 out:0 type:I ");
    expect(printFrameLog(joinFrameLogs([head.value.log, tail.value.log]))).toBe(TEXT);
  });

  it("do not begin within a GOP, nor end within one", () => {
    expect(slice(1, 4)).toMatchObject({ ok: false });
    expect(slice(0, 3)).toMatchObject({ ok: false });
    expect(slice(4, 7)).toMatchObject({ ok: false });
  });

  it("have their records of the tree file: one for each frame that others refer to", () => {
    expect(treeRange(whole, 15, 0, 4)).toEqual({ ok: true, value: { start: 0, end: 9 } });
    expect(treeRange(whole, 15, 4, 6)).toEqual({ ok: true, value: { start: 9, end: 15 } });
    expect(treeRange(whole, 14, 4, 6)).toMatchObject({ ok: false });
  });
});
