import { readdirSync, readFileSync, statSync } from "node:fs";
import type { Files } from "../plan/offload/index.js";

/** Lists and graphs are small; what is bigger is none. */
const LARGEST_TEXT = 4 * 1024 * 1024;

/** The files of this machine, as a plan looks at them. */
export const filesHere: Files = {
  kind: (path) => {
    try {
      const found = statSync(path);
      return found.isFile() ? "file" : found.isDirectory() ? "folder" : "other";
    } catch {
      return "none";
    }
  },
  text: (path) => {
    try {
      return statSync(path).size > LARGEST_TEXT ? undefined : readFileSync(path, "utf8");
    } catch {
      return undefined;
    }
  },
  names: (folder) => {
    try {
      return readdirSync(folder === "" ? "." : folder).sort();
    } catch {
      return [];
    }
  },
};
