import { describe, expect, it } from "vitest";
import { parsePairs, parseQuantity } from "../../../src/ffmpeg/quantity.js";

describe("parseQuantity", () => {
  it.each([
    ["1500k", 1_500_000],
    ["1500K", 1_500_000],
    ["2.5M", 2_500_000],
    ["1e6", 1_000_000],
    ["4Mi", 4_194_304],
    ["1MB", 8_000_000],
    [".5M", 500_000],
    ["0", 0],
  ])("%s", (text, value) => expect(parseQuantity(text)).toBe(value));

  it.each(["", "1.2.3", "2*3", "10kk", "fast"])("does not understand %s", (text) =>
    expect(parseQuantity(text)).toBeUndefined());
});

it("parsePairs takes key and value apart", () => {
  expect(parsePairs("vbv_maxrate=800:no-scenecut:stats=a\\:b")).toEqual([
    { key: "vbv-maxrate", value: "800" },
    { key: "no-scenecut", value: "" },
    { key: "stats", value: "a\\:b" },
  ]);
});
