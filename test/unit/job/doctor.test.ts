import { expect, test } from "vitest";
import { nodeIs } from "../../../src/job/onboard/doctor.js";

test.each([
  ["20.18.3", "fail"],
  ["20.19.0", "ok"],
  ["18.20.8", "fail"],
  ["22.0.0", "ok"],
])("node %s: %s", (version, state) => {
  expect(nodeIs(version)).toMatchObject({ about: "node", state });
});
