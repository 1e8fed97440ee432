import fc from "fast-check";
import { expect, test } from "vitest";
import { removeAt, setAt } from "../../../src/config/json-edit.js";

const FILE = `{
    "//": "mine",
    "keyint_min" : 60,   "workers": [
        { "host": "a", "//": "the tower" },
        {
            "host": "b"
        }
    ]
}
`;

test("a worker is added, changed and taken out, and all else stays byte for byte", () => {
  const added = setAt(FILE, ["workers", 2], { host: "c", slots: 2 }) ?? "";
  expect(added).toBe(
    FILE.replace(
      "        }\n    ]",
      '        },\n        {\n          "host": "c",\n          "slots": 2\n        }\n    ]',
    ),
  );
  const drained = setAt(added, ["workers", 0, "drained"], true);
  expect(drained).toBe(added.replace('tower" }', 'tower", "drained": true }'));
  expect(removeAt(drained ?? "", ["workers", 0, "drained"])).toBe(added);
  expect(removeAt(added, ["workers", 2])).toBe(FILE);
  expect(removeAt(FILE, ["workers", 0])).toBe(FILE.replace(/\{ "host": "a".*\n {8}/, ""));
});

test("a file that is empty, without a list, with other ends of lines, with a mark in front", () => {
  const workers = [{ host: "a" }];
  expect(JSON.parse(setAt("", ["workers"], workers) ?? "")).toEqual({ workers });
  expect(setAt("{}", ["workers"], [])).toBe('{\n  "workers": []\n}');
  expect(setAt('{\r\n  "a": 1\r\n}', ["b"], { c: 2 })).toBe('{\r\n  "a": 1,\r\n  "b": {\r\n    "c": 2\r\n  }\r\n}');
  expect(setAt('\uFEFF{"a":1}', ["a"], 2)).toBe('\uFEFF{"a":2}');
});

test("what cannot be changed alone is not changed", () => {
  expect(removeAt('{"a": 1, "a": 2}', ["a"])).toBeUndefined();
  expect(removeAt('{"a": 1}', ["b"])).toBeUndefined();
  expect(setAt('{"a": ', ["a"], 1)).toBeUndefined();
});

test("any list of any objects, laid out in any way: the edit does what it says", () => {
  const key = fc.string({ minLength: 1, maxLength: 4 }).filter((word) => word !== "__proto__");
  const entries = fc.array(
    fc.dictionary(key, fc.oneof(fc.string(), fc.integer(), fc.constant(["x"])), { noNullPrototype: true }),
    { minLength: 1, maxLength: 4 },
  );
  fc.assert(
    fc.property(entries, fc.constantFrom(undefined, 2, "\t"), fc.nat(), key, (workers, space, n, name) => {
      const text = JSON.stringify({ "//": "x", workers, z: 1 }, null, space);
      const i = n % workers.length;
      const without = workers.filter((_, at) => at !== i);
      expect(JSON.parse(removeAt(text, ["workers", i]) ?? "")).toEqual({ "//": "x", workers: without, z: 1 });
      const changed = workers.map((worker, at) => (at === i ? { ...worker, [name]: 7 } : worker));
      expect(JSON.parse(setAt(text, ["workers", i, name], 7) ?? "")).toEqual({ "//": "x", workers: changed, z: 1 });
    }),
    { numRuns: 200 },
  );
});
