#!/usr/bin/env node
// Starts a lab by hand: `node scripts/lab.mjs [NUMBER]` makes workers to try distffmpeg on, until Ctrl-C.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { startLab } from "../test/lab/lab.mjs";

const number = Number(process.argv[2] ?? 2);
if (!Number.isInteger(number) || number < 1 || number > 64) {
  console.error("usage: node scripts/lab.mjs [NUMBER OF WORKERS, 1 to 64]");
  process.exit(2);
}

// Heard from the first moment: a Ctrl-C during the start must clean up too.
const stopped = new Promise((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, resolve);
});

const lab = await startLab({ workers: number });
const config = join(lab.home, "distffmpeg.json");
writeFileSync(config, `${JSON.stringify(lab.config(), null, 2)}\n`);
for (const { name, port } of lab.workers) console.error(`${name}: SSH on 127.0.0.1 port ${port}`);
console.error("\nIn another terminal, paste:\n");
for (const [key, value] of Object.entries({ ...lab.env, DISTFFMPEG_CONFIG: config })) {
  console.log(`export ${key}='${value}'`);
}
console.error("\nThe lab runs until Ctrl-C.");

await stopped;
console.error("\ncleaning up");
await lab.close();
