import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeOption } from "../../../src/ffmpeg/options.js";
import { optionConcerns, specifierMatches, type StreamRef } from "../../../src/plan/streams.js";

const film: StreamRef = { type: "video", index: 2, typeIndex: 1, attachedPicture: false };
const cover: StreamRef = { type: "video", index: 3, typeIndex: 2, attachedPicture: true };
const sound: StreamRef = { type: "audio", index: 1, typeIndex: 0, attachedPicture: false };

describe("specifierMatches", () => {
  test.each<[string | undefined, boolean]>([
    [undefined, true],
    ["", true],
    ["2", true],
    ["0", false],
    ["02", true],
    ["v", true],
    ["V", true],
    ["v:1", true],
    ["v:0", false],
    ["v:10", false],
    ["a", false],
    ["a:1", false],
    ["s", false],
    ["d:0", false],
    ["t", false],
  ])("%j and a film", (spec, matches) => expect(specifierMatches(spec, film)).toBe(matches));

  test("V leaves cover art out", () => {
    expect(specifierMatches("v", cover)).toBe(true);
    expect(specifierMatches("V", cover)).toBe(false);
    expect(specifierMatches("V:2", cover)).toBe(false);
  });

  test("sound", () => {
    expect(specifierMatches("a:0", sound)).toBe(true);
    expect(specifierMatches("v", sound)).toBe(false);
  });

  test.each([
    "m:language:eng",
    "p:1",
    "p:1:v",
    "#0x1e0",
    "i:480",
    "u",
    "disp:default",
    "v:m:x",
    "x",
    "v:",
    "v:a",
    "-1",
    "1:2",
  ])("%j is not followed", (spec) => expect(specifierMatches(spec, film)).toBeUndefined());

  test("one answer of three for any text", () => {
    fc.assert(fc.property(fc.string(), (spec) => [true, false, undefined].includes(specifierMatches(spec, film))));
  });
});

describe("optionConcerns", () => {
  test.each<[string, boolean | undefined]>([
    ["-vcodec", true],
    ["-acodec", false],
    ["-vf", true],
    ["-b", true],
    ["-c:2", true],
    ["-preset", true],
    ["-crf:v:0", false],
    ["-q:a", false],
    ["-c:m:language:eng", undefined],
  ])("%s", (flag, concerns) => expect(optionConcerns(makeOption(flag, "x"), film)).toBe(concerns));
});
