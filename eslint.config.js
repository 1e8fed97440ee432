import { builtinModules } from "node:module";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";

const SRC = resolve(dirname(fileURLToPath(import.meta.url)), "src");

/** The folders of src/ in the order data passes them: each imports only itself and what stands before it. */
const STATIONS = ["config", "plan", "split", "workers", "schedule", "join", "job", "ui", "commands", "cli"];

/** The ground floor: everybody may import it; it imports only itself and what stands before it. */
const GROUND = ["lib", "ffmpeg"];

/** Stations that may see less than their place in the row allows: other modules they may import, as folders or files. */
const ONLY = { ui: ["config/types", "job/events"] };

/** Stations that may see only a part of another one. */
const PARTS = { schedule: { workers: ["workers/transport"] } };

/** plan/ is pure: the builtins that compute, and no package that starts programs or talks to machines. */
const PURE_BUILTINS = new Set(["path", "path/posix", "util", "assert", "assert/strict"]);
const IMPURE_PACKAGES = new Set(["execa", "ssh2", "ssh2-sftp-client", "ora"]);

/** "plan/route.ts" is of station "plan"; files in src/ itself are the command line's. */
function stationOf(file) {
  return file.includes("/") ? file.slice(0, file.indexOf("/")) : "cli";
}

function isIn(target, places) {
  return places.some((place) => target === place || target.startsWith(`${place}/`));
}

/** Why `file` must not import `target` (both relative to src/, the target without extension), or undefined. */
function whyForbidden(file, target) {
  if (target.startsWith("..")) return "src/ imports nothing from outside src/";
  const from = stationOf(file);
  const to = stationOf(target);
  if (from === to) return undefined;
  if (GROUND.includes(from)) {
    return GROUND.indexOf(to) !== -1 && GROUND.indexOf(to) < GROUND.indexOf(from)
      ? undefined
      : `${from}/ is the ground floor and imports no station`;
  }
  if (GROUND.includes(to)) return undefined;
  if (!STATIONS.includes(from)) return `src/${from}/ is no known station: give it a place in eslint.config.js`;
  if (!STATIONS.includes(to)) return `src/${to}/ is no known station: give it a place in eslint.config.js`;
  const only = ONLY[from];
  if (only !== undefined)
    return isIn(target, only) ? undefined : `${from}/ imports only ${only.join(", ")} and lib, ffmpeg`;
  if (STATIONS.indexOf(to) > STATIONS.indexOf(from)) return `${to} comes after ${from}`;
  const part = PARTS[from]?.[to];
  return part === undefined || isIn(target, part) ? undefined : `${from}/ sees only ${part.join(", ")} of ${to}/`;
}

function whyImpure(file, source) {
  if (stationOf(file) !== "plan") return undefined;
  const name = source.replace(/^node:/, "");
  if (builtinModules.includes(name) && !PURE_BUILTINS.has(name)) return `plan/ is pure and cannot use ${source}`;
  return IMPURE_PACKAGES.has(source) ? `plan/ is pure and cannot use ${source}` : undefined;
}

/** The import rules of the folders. */
const stations = {
  meta: {
    type: "problem",
    schema: [],
    messages: { forbidden: "{{why}} (the order of the stations is in eslint.config.js)" },
  },
  create(context) {
    const file = relative(SRC, context.filename).split(sep).join("/");
    const check = (node) => {
      const source = node?.value;
      if (typeof source !== "string") return;
      const target = relative(SRC, resolve(dirname(context.filename), source))
        .split(sep)
        .join("/");
      const why = source.startsWith(".") ? whyForbidden(file, target.replace(/\.[jt]s$/, "")) : whyImpure(file, source);
      if (why !== undefined) context.report({ node, messageId: "forbidden", data: { why } });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument?.literal),
    };
  },
};

const noLooseTypes = {
  "@typescript-eslint/no-explicit-any": "error",
  "@typescript-eslint/no-non-null-assertion": "error",
  "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
  "no-restricted-syntax": [
    "error",
    { selector: "TSEnumDeclaration", message: "Use a union of strings: enums are neither types nor plain values." },
  ],
  eqeqeq: "error",
};

export default defineConfig(
  { ignores: ["dist/", "coverage/", ".tmp/", "node_modules/"] },
  {
    files: ["src/**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: "./tsconfig.json", tsconfigRootDir: resolve(SRC, "..") } },
    plugins: { local: { rules: { stations } } },
    rules: {
      ...noLooseTypes,
      "local/stations": "error",
      // Nothing prints outside ui/.
      "no-console": "error",
      "max-lines": ["error", { max: 300 }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // Numbers and bigints in messages need no ceremony.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // `() => emit(event)` as a listener is plain enough.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
    },
  },
  {
    files: ["test/**/*.ts", "vitest.config.ts"],
    extends: [tseslint.configs.strict],
    rules: noLooseTypes,
  },
  {
    files: ["scripts/**/*.mjs", "eslint.config.js", "test/**/*.mjs"],
    extends: [tseslint.configs.recommended],
    rules: { eqeqeq: "error" },
  },
);
