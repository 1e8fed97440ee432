import { expect, test } from "vitest";
import { askWorker } from "../../../src/job/offload-machines.js";
import { worker } from "../workers/worker-config.js";

test("a Windows worker is not asked whether it takes a whole command", async () => {
  // Nothing of the question is looked at, and nobody connects: there is no such host.
  const question = {} as Parameters<typeof askWorker>[2];
  const asked = askWorker(worker({ platform: "Windows" }), "/", question, undefined, new AbortController().signal);
  expect(await asked).toEqual({ ok: false, failure: "runs chunks only: it is a Windows worker" });
});
