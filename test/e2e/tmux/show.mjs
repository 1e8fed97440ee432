// Shows a job that goes on until it is stopped, for a test that looks at the terminal: two workers, one with two slots.
import { EventStream } from "../../../dist/job/events.js";
import { attachViews } from "../../../dist/ui/index.js";

const events = new EventStream();
const { stderr, env } = process;
const views = await attachViews(events, {
  ...{ stderr, isTTY: stderr.isTTY, columns: stderr.columns, env, loglevel: "info", stats: true },
});
const emit = (event) => events.emit(event);
const film = { places: [{ output: 0, stream: 0 }], framesPerSecond: 25, sized: true, unit: "kB" };
emit({ type: "route", route: "chunks", reason: "a show", film });
emit({ type: "opened" });
emit({ type: "worker-up", worker: "alpha", slots: 2, detail: "" });
emit({ type: "worker-up", worker: "beta", slots: 1, detail: "" });
for (let chunk = 0; chunk < 40; chunk += 1) emit({ type: "chunk-ready", chunk, frames: 100 });
emit({ type: "split-progress", frames: 4000, total: 4000 });
const done = { chunk: 0, worker: "alpha", slot: 0 };
emit({ type: "chunk-encode", ...done });
emit({ type: "chunk-done", ...done, frames: 100, bytes: 1 << 20, seconds: 1 });
emit({ type: "chunk-encode", chunk: 1, worker: "alpha", slot: 0 });
emit({ type: "chunk-encode", chunk: 2, worker: "alpha", slot: 1 });
emit({ type: "chunk-upload", chunk: 3, worker: "beta", slot: 0 });
emit({ type: "chunk-upload", chunk: 4, worker: "alpha", slot: 0 });
let frames = 0;
const timer = setInterval(() => {
  frames = Math.min(99, frames + 1);
  for (const slot of [0, 1]) emit({ type: "chunk-progress", chunk: slot + 1, worker: "alpha", slot, frames, fps: 20 });
}, 100);
process.once("SIGINT", () => {
  clearInterval(timer);
  views.stop();
  stderr.write("given back\n");
});
