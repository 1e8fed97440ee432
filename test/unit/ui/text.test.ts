import { describe, expect, it } from "vitest";
import { chalkFor, colourLevel, hasUnicode } from "../../../src/ui/colour.js";
import { renderError } from "../../../src/ui/errors.js";
import { LEVELS, parseLoglevel } from "../../../src/ffmpeg/loglevel.js";
import { clock, oneLine, stripControl, truncate, width } from "../../../src/ui/text.js";

describe("stripControl", () => {
  it("takes away escape sequences and control characters, keeps newline and tab", () => {
    expect(stripControl("a\u001b[31mred\u001b[0m\u0007\tb\r\nc\rd\u009b2J\u0000\u007f\n")).toBe("ared\tb\nc\nd\n");
    expect(stripControl("\u001b]0;title\u0007x\u001b]8;;http://a\u001b\\link\u001b]8;;\u001b\\")).toBe("xlink");
    expect(stripControl("\u001b\u001b]52;c;aGk=")).not.toMatch(/[\u001b\u0007]/);
    expect(stripControl("user\u202egnp.exe")).toBe("usergnp.exe");
  });

  it("makes one line of many", () => {
    expect(oneLine(" a \n\n\tb   c\r\n")).toBe("a; b c");
  });
});

describe("width and truncate", () => {
  it("counts columns, not code units", () => {
    expect(width("\u001b[1mab\u001b[0m")).toBe(2);
    expect(width("映画")).toBe(4);
    expect(width("e\u0301")).toBe(1);
  });

  it("never gives more than asked for", () => {
    expect(truncate("abcdef", 6)).toBe("abcdef");
    expect(truncate("abcdef", 4)).toBe("abc~");
    expect(truncate("映画映画", 4)).toBe("映~");
    expect(truncate("abc", 0)).toBe("");
  });

  it("writes seconds as people do", () => {
    expect([0, 59.6, 61, 3725].map(clock)).toEqual(["0:00", "1:00", "1:01", "1:02:05"]);
  });
});

describe("colourLevel", () => {
  it.each([
    [{}, true, 1],
    [{}, false, 0],
    [{ NO_COLOR: "1" }, true, 0],
    [{ NO_COLOR: "" }, true, 1],
    [{ TERM: "dumb" }, true, 0],
    [{ FORCE_COLOR: "1" }, false, 1],
    [{ FORCE_COLOR: "" }, false, 1],
    [{ FORCE_COLOR: "3", NO_COLOR: "1" }, false, 3],
    [{ FORCE_COLOR: "0" }, true, 0],
    [{ FORCE_COLOR: "false" }, true, 0],
    [{ FORCE_COLOR: "true", TERM: "dumb" }, true, 1],
  ])("%j on a terminal %s: %i", (env, isTTY, level) => {
    expect(colourLevel(env, isTTY)).toBe(level);
    expect(chalkFor(env, isTTY).level).toBe(level);
  });

  it("asks the locale for more than ASCII", () => {
    expect(hasUnicode({ LANG: "de_DE.UTF-8" }, "linux")).toBe(true);
    expect(hasUnicode({ LANG: "de_DE.UTF-8", LC_ALL: "C" }, "linux")).toBe(false);
    expect(hasUnicode({ LANG: "C.utf8", TERM: "linux" }, "linux")).toBe(false);
    expect(hasUnicode({}, "linux")).toBe(false);
    expect(hasUnicode({}, "darwin")).toBe(true);
    expect(hasUnicode({}, "win32")).toBe(false);
  });
});

describe("parseLoglevel", () => {
  it.each([
    ["quiet", LEVELS.quiet],
    ["warning", LEVELS.warning],
    ["24", 24],
    ["-8", -8],
    ["repeat+level+error", LEVELS.error],
    ["+level", LEVELS.info],
    ["level+verbose", LEVELS.verbose],
    ["loud", undefined],
    ["toString", undefined],
  ])("%s", (text, level) => {
    expect(parseLoglevel(text)).toBe(level);
  });
});

describe("renderError", () => {
  it("has one form", () => {
    const problem = {
      what: "chunk 3 failed\non alpha",
      detail: "[libx264] \u001b[31mbad\u001b[0m\r\n\nexit 1\n",
      fix: "distffmpeg doctor",
    };
    expect(renderError(problem)).toBe(
      "distffmpeg: chunk 3 failed; on alpha\n  [libx264] bad\n  exit 1\nTry: distffmpeg doctor\n",
    );
  });

  it("leaves out what is not there", () => {
    expect(renderError({ what: "no input" })).toBe("distffmpeg: no input\n");
  });
});
