#!/usr/bin/env node
// Puts the program into few files: dist/cli.js, and under dist/bundle/ what is only loaded when it is needed. Loading some
// five hundred modules one by one takes longer than all else that a short job has to do before ffmpeg runs.
import { spawnSync } from "node:child_process";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./proc.mjs";

/** Stay as they are installed: cpu-features is compiled, or not there at all; yargs looks for its translations beside itself. */
const APART = [/^cpu-features$/, /^yargs($|\/)/];

/** What ssh2 looks for beside its own modules, it finds where it is installed: what it may have compiled, and Pageant's helper. */
const SSH2_FILES = {
  name: "ssh2-files",
  resolveId: (id) =>
    id.endsWith("/sshcrypto.node")
      ? { id: "ssh2/lib/protocol/crypto/build/Release/sshcrypto.node", external: true }
      : undefined,
  transform(code, id) {
    const own = /[\\/]node_modules[\\/](ssh2[\\/].+)$/.exec(id)?.[1]?.replaceAll("\\", "/");
    if (own === undefined || !code.includes("__dirname")) return undefined;
    return `const __dirname = require("node:path").dirname(require.resolve("${own}"));\n${code}`;
  },
};

/** Writes the bundle, and the man page that it prints, beside the single modules (tsc), which tests and benches import. */
export async function bundle() {
  const { rolldown } = await import("rolldown");
  const dist = join(root, "dist");
  rmSync(join(dist, "bundle"), { recursive: true, force: true });
  const built = await rolldown({
    input: join(root, "src", "cli.ts"),
    platform: "node",
    external: APART,
    plugins: [SSH2_FILES],
    resolve: { extensionAlias: { ".js": [".ts", ".js"] } },
  });
  await built.write({
    dir: dist,
    format: "esm",
    entryFileNames: "cli.js",
    chunkFileNames: "bundle/[name]-[hash].js",
  });
  await built.close();
  chmodSync(join(dist, "cli.js"), 0o755);
  const page = spawnSync(process.execPath, [join(dist, "cli.js"), "help", "man"], { encoding: "utf8" });
  if (page.status !== 0) throw new Error(`the man page could not be made: ${page.stderr}`);
  writeFileSync(join(dist, "distffmpeg.1"), page.stdout);
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await bundle();
