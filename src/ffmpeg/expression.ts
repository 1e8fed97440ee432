import { fail, ok, type Result } from "../lib/result.js";
import { table } from "../lib/table.js";

/** An expression ready to be evaluated; a variable that is not given counts as NaN. */
export type Expression = (variables: Readonly<Record<string, number>>) => number;

type Call = (args: readonly number[]) => number;

const flag = (truth: boolean): number => (truth ? 1 : 0);
const at = (args: readonly number[], i: number): number => args[i] ?? Number.NaN;

/** C's rint and trunc differ from Math.round; these are the functions of libavutil/eval.c that depend on nothing else. */
const FUNCTIONS: Readonly<Record<string, { readonly least: number; readonly most: number; readonly call: Call }>> = {
  abs: unary(Math.abs),
  floor: unary(Math.floor),
  ceil: unary(Math.ceil),
  trunc: unary(Math.trunc),
  round: unary((x) => Math.sign(x) * Math.round(Math.abs(x))),
  sqrt: unary(Math.sqrt),
  exp: unary(Math.exp),
  log: unary(Math.log),
  sin: unary(Math.sin),
  cos: unary(Math.cos),
  not: unary((x) => flag(x === 0)),
  isnan: unary((x) => flag(Number.isNaN(x))),
  isinf: unary((x) => flag(x === Number.POSITIVE_INFINITY || x === Number.NEGATIVE_INFINITY)),
  eq: binary((a, b) => flag(a === b)),
  gt: binary((a, b) => flag(a > b)),
  gte: binary((a, b) => flag(a >= b)),
  lt: binary((a, b) => flag(a < b)),
  lte: binary((a, b) => flag(a <= b)),
  min: binary((a, b) => (a < b ? a : b)),
  max: binary((a, b) => (a > b ? a : b)),
  mod: binary((a, b) => a - Math.floor(a / b) * b),
  pow: binary((a, b) => a ** b),
  between: { least: 3, most: 3, call: (a) => flag(at(a, 0) >= at(a, 1) && at(a, 0) <= at(a, 2)) },
  clip: { least: 3, most: 3, call: (a) => Math.min(Math.max(at(a, 0), at(a, 1)), at(a, 2)) },
  if: { least: 2, most: 3, call: (a) => (at(a, 0) !== 0 ? at(a, 1) : (a[2] ?? 0)) },
  ifnot: { least: 2, most: 3, call: (a) => (at(a, 0) === 0 ? at(a, 1) : (a[2] ?? 0)) },
};

function unary(call: (x: number) => number): { least: number; most: number; call: Call } {
  return { least: 1, most: 1, call: (args) => call(at(args, 0)) };
}

function binary(call: (a: number, b: number) => number): { least: number; most: number; call: Call } {
  return { least: 2, most: 2, call: (args) => call(at(args, 0), at(args, 1)) };
}

const CONSTANTS: Readonly<Record<string, number>> = table({ PI: Math.PI, E: Math.E, PHI: (1 + Math.sqrt(5)) / 2 });
const TOKEN = /\s*((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[A-Za-z_]\w*|[-+*/^();,])/y;

/**
 * Reads an expression as libavutil/eval.c (5.1 and 7.1) does, as far as its value follows from `variables` alone: numbers,
 * the usual operators and functions. Fails on everything else (registers, randomness, SI suffixes, unknown names).
 */
export function parseExpression(text: string, variables: ReadonlySet<string>): Result<Expression, string> {
  const tokens = tokenize(text);
  if (!tokens) return fail(`the expression ${text} is not understood`);
  try {
    const reader = new Reader(tokens, variables);
    return ok(reader.whole());
  } catch (error) {
    if (error instanceof SyntaxError) return fail(`the expression ${text} is not understood (${error.message})`);
    throw error;
  }
}

function tokenize(text: string): string[] | undefined {
  const tokens: string[] = [];
  const trimmed = text.trimEnd();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const match = TOKEN.exec(trimmed);
    if (!match) return undefined;
    tokens.push(match[1] ?? "");
  }
  return tokens;
}

/** Deeper than any expression that people write; keeps a hostile one from overflowing the stack (libavutil/eval.c: 100). */
const MAX_DEPTH = 100;

/** Recursive descent: sums of products of powers. */
class Reader {
  #at = 0;
  #depth = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly variables: ReadonlySet<string>,
  ) {}

  whole(): Expression {
    const value = this.#sum();
    if (this.#at < this.tokens.length) throw new SyntaxError(`at ${this.tokens[this.#at]}`);
    return value;
  }

  #peek(): string | undefined {
    return this.tokens[this.#at];
  }

  #take(): string {
    const token = this.tokens[this.#at++];
    if (token === undefined) throw new SyntaxError("it ends too early");
    return token;
  }

  #expect(token: string): void {
    if (this.#take() !== token) throw new SyntaxError(`${token} is missing`);
  }

  #sum(): Expression {
    const first = this.#product();
    const others: { readonly sign: 1 | -1; readonly term: Expression }[] = [];
    for (let op = this.#peek(); op === "+" || op === "-"; op = this.#peek()) {
      this.#take();
      others.push({ sign: op === "+" ? 1 : -1, term: this.#product() });
    }
    if (others.length === 0) return first;
    return (v) => others.reduce((sum, { sign, term }) => sum + sign * term(v), first(v));
  }

  #product(): Expression {
    const first = this.#power();
    const others: { readonly times: boolean; readonly factor: Expression }[] = [];
    for (let op = this.#peek(); op === "*" || op === "/"; op = this.#peek()) {
      this.#take();
      others.push({ times: op === "*", factor: this.#power() });
    }
    if (others.length === 0) return first;
    return (v) => others.reduce((all, { times, factor }) => (times ? all * factor(v) : all / factor(v)), first(v));
  }

  /** A sign in front concerns the whole power: -2^2 is -(2^2) (parse_factor). */
  #power(): Expression {
    const sign = this.#sign();
    const base = this.#primary();
    const exponents: { readonly sign: 1 | -1; readonly value: Expression }[] = [];
    while (this.#peek() === "^") {
      this.#take();
      exponents.push({ sign: this.#sign(), value: this.#primary() });
    }
    if (exponents.length === 0 && sign === 1) return base;
    return (v) => sign * exponents.reduce((power, exponent) => power ** (exponent.sign * exponent.value(v)), base(v));
  }

  #sign(): 1 | -1 {
    const token = this.#peek();
    if (token !== "+" && token !== "-") return 1;
    this.#take();
    return token === "-" ? -1 : 1;
  }

  #primary(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new SyntaxError("it is nested too deeply");
    const value = this.#within(this.#take());
    this.#depth--;
    return value;
  }

  #within(token: string): Expression {
    if (token === "(") {
      const inner = this.#sum();
      this.#expect(")");
      return inner;
    }
    if (/^[\d.]/.test(token)) {
      const value = Number(token);
      return () => value;
    }
    if (this.#peek() === "(") return this.#call(token);
    const constant = CONSTANTS[token];
    if (constant !== undefined) return () => constant;
    if (!this.variables.has(token)) throw new SyntaxError(`${token} is not known`);
    return (v) => v[token] ?? Number.NaN;
  }

  #call(name: string): Expression {
    const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!known) throw new SyntaxError(`${name}() is not known`);
    this.#expect("(");
    const args = [this.#sum()];
    while (this.#peek() === ",") {
      this.#take();
      args.push(this.#sum());
    }
    this.#expect(")");
    if (args.length < known.least || args.length > known.most) throw new SyntaxError(`${name}() with ${args.length}`);
    return (v) => known.call(args.map((arg) => arg(v)));
  }
}
