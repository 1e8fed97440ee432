import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HERE, House, USER } from "./rig.js";

describe("segment_frames between keyint_min and keyint_max", () => {
  const lengths = (argv: readonly string[], files: Readonly<Record<string, unknown>> = {}): (number | "auto")[] => {
    const { config } = new House(files).loaded(argv);
    return [config.keyint_min, config.segment_frames, config.keyint_max];
  };

  test.each([
    [[], [120, "auto", 600]],
    [["-df_segment_frames=auto"], [120, "auto", 600]],
    [["-df_keyint_min=300"], [300, "auto", 600]],
    [["-df_keyint_max=200"], [120, "auto", 200]],
    [["-df_keyint_max=48"], [48, "auto", 48]],
    [["-df_keyint_min=700"], [700, "auto", 700]],
    [
      ["-df_keyint_min=48", "-df_keyint_max=120"],
      [48, "auto", 120],
    ],
    [["-df_segment_frames=60"], [60, 60, 600]],
    [["-df_segment_frames=900"], [120, 900, 900]],
    [
      ["-df_segment_frames=60", "-df_keyint_max=48"],
      [48, 48, 48],
    ],
    [
      ["-df_keyint_min=600", "-df_keyint_max=1200", "-df_segment_frames=200"],
      [600, 600, 1200],
    ],
  ])("%j", (argv, expected) => {
    expect(lengths(argv)).toEqual(expected);
  });

  test("auto in a stronger place takes back a number, which moves no bounds then", () => {
    expect(lengths(["-df_segment_frames=auto"], { [USER]: { segment_frames: 900 } })).toEqual([120, "auto", 600]);
  });

  test("a stronger place wins over a weaker one", () => {
    expect(lengths(["-df_keyint_max=48"], { [USER]: { keyint_min: 300, keyint_max: 900 } })).toEqual([48, "auto", 48]);
    const { origins } = new House({ [USER]: { keyint_min: 300 } }).loaded(["-df_keyint_max=48"]);
    expect(origins.keyint_min).toMatch(/config\.json:2, follows keyint_max$/);
    expect(origins.segment_frames).toBe("default");
    expect(origins.keyint_max).toBe("-df_keyint_max");
  });

  test("is a failure when one place contradicts itself", () => {
    expect(new House().problems(["-df_keyint_min=300", "-df_keyint_max=100"])).toEqual([
      {
        what: "keyint_min is 300 (-df_keyint_min), more than keyint_max, 100 (-df_keyint_max)",
        fix: expect.stringContaining("only one of the two"),
      },
    ]);
    expect(new House({ [HERE]: { keyint_min: 9, keyint_max: 8 } }).problems()).toHaveLength(1);
  });

  test("says when a length asked for is not used, but not when a stronger place replaced it", () => {
    const flags = ["-df_keyint_min=48", "-df_keyint_max=120"];
    const own = new House().loaded([...flags, "-df_segment_frames=600"]);
    expect(own.notes).toEqual([
      { what: "segment_frames is 600 (-df_segment_frames); keyint_max, 120, is used instead" },
    ]);
    expect(new House({ [USER]: { segment_frames: 600 } }).loaded(flags).notes).toEqual([]);
    expect(new House().loaded(["-df_keyint_min=300"]).notes).toEqual([]);
  });

  test("always holds", () => {
    const frames = fc.option(fc.integer({ min: 1, max: 2000 }), { nil: undefined });
    const house = fc.record({ keyint_min: frames, keyint_max: frames, segment_frames: frames });
    const flags = house.map((given) =>
      Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [`-df_${key}=${value}`])),
    );
    const home = new House();
    fc.assert(
      fc.property(house, flags, (user, argv) => {
        home.write(USER, user);
        const result = home.load(argv);
        if (!result.ok) return;
        const { keyint_min, segment_frames, keyint_max } = result.value.config;
        expect(keyint_min).toBeLessThanOrEqual(keyint_max);
        if (segment_frames === "auto") return;
        expect(keyint_min).toBeLessThanOrEqual(segment_frames);
        expect(segment_frames).toBeLessThanOrEqual(keyint_max);
      }),
    );
  });
});
