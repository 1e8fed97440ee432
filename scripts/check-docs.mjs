#!/usr/bin/env node
// Every function and class that src/ exports has a docblock: what it is for, units, shapes, failures. Every link of the
// documents leads to a file that is there, and to a heading of it.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const src = join(root, "src");

const missing = readdirSync(src, { recursive: true })
  .filter((name) => name.endsWith(".ts"))
  .sort()
  .flatMap((name) => undocumented(join(src, name)));

for (const { file, line, name } of missing) {
  console.error(`${relative(root, file)}:${line}: exported "${name}" has no docblock`);
}
const broken = [root, join(root, "docs")].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .flatMap((name) => brokenLinks(join(folder, name))),
);
for (const { file, link } of broken) console.error(`${relative(root, file)}: ${link} leads nowhere`);
if (missing.length + broken.length > 0) process.exitCode = 1;

/** Links to files beside a document, and to headings, that are not there. Code is passed over. */
function brokenLinks(file) {
  const text = readFileSync(file, "utf8")
    .replace(/^```[^]*?^```/gm, "")
    .replace(/`[^`\n]*`/g, "");
  const links = [...text.matchAll(/\]\(([^)\s]+)\)|\b(?:src|srcset)="([^"]+)"/g)].map(([, a, b]) => a ?? b);
  return links
    .filter((link) => !/^[a-z]+:/.test(link))
    .filter((link) => {
      const [path, heading] = link.split("#");
      const target = path === "" ? file : join(dirname(file), path);
      return !existsSync(target) || (heading !== undefined && !headings(target).has(heading));
    })
    .map((link) => ({ file, link }));
}

/** The names that headings have as places to link to. */
function headings(file) {
  const titles = readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm);
  return new Set(
    [...titles].map(([, title]) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/ /g, "-"),
    ),
  );
}

/** Exported functions, classes and constants that hold a function, without a `/** ... *\/` before them. */
function undocumented(file) {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true);
  // Overloads share one docblock: it stands before the first of them.
  const documented = new Set();
  return source.statements.flatMap((statement) => {
    const exported = statement.modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword) ?? false;
    const names = exported ? publicNames(statement) : [];
    if (hasDocblock(statement)) for (const name of names) documented.add(name);
    const line = source.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    return names.filter((name) => !documented.has(name)).map((name) => ({ file, line, name }));
  });
}

function publicNames(statement) {
  if (ts.isFunctionDeclaration(statement) || ts.isClassDeclaration(statement))
    return [statement.name?.text ?? "default"];
  if (!ts.isVariableStatement(statement)) return [];
  return statement.declarationList.declarations
    .filter(
      ({ initializer }) => initializer && (ts.isArrowFunction(initializer) || ts.isFunctionExpression(initializer)),
    )
    .map(({ name }) => name.getText());
}

function hasDocblock(statement) {
  return ts.getJSDocCommentsAndTags(statement).some((doc) => ts.isJSDoc(doc) && doc.getText().length > "/** */".length);
}
