import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The folder that distffmpeg is installed in. Looked for from this file upwards, and not by a fixed number of steps: built
 * as single modules it lies deeper than in a bundle (scripts/bundle.mjs).
 */
const ROOT = rootAbove(dirname(fileURLToPath(import.meta.url)));

function rootAbove(folder: string): string {
  const above = dirname(folder);
  return above === folder || existsSync(join(folder, "package.json")) ? folder : rootAbove(above);
}

/** Our own program, whatever name it was called by. */
export const OWN_PROGRAM = join(ROOT, "dist", "cli.js");

/** Our own version, as package.json has it. */
export function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";
}
