#!/usr/bin/env node
// Every function and class that src/ exports has a docblock: what it is for, units, shapes, failures.
import { readdirSync, readFileSync } from "node:fs";
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
if (missing.length > 0) process.exitCode = 1;

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
