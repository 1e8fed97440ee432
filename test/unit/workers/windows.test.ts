import { Duplex, PassThrough } from "node:stream";
import fc from "fast-check";
import ssh2, { type Client } from "ssh2";
import { describe, expect, test } from "vitest";
import { Link } from "../../../src/workers/link.js";
import { runRemote } from "../../../src/workers/remote-run.js";
import type { ProcessEnd, RunOptions, TransportFailure } from "../../../src/workers/transport.js";
import type { Result } from "../../../src/lib/result.js";
import { folderOf } from "../../../src/workers/windows/dialect.js";
import { FrameReader } from "../../../src/workers/windows/frames.js";
import { encodeCommand, literal, quoteArgument, quoteArguments } from "../../../src/workers/windows/quote.js";
import { janitorLaunch, launch, powershellWords } from "../../../src/workers/windows/run.js";
import type { Launch } from "../../../src/workers/dialect.js";
import { parseArguments, readLiteral, unbalanced } from "./windows-line.js";

const word = fc
  .array(
    fc.oneof(
      fc.constantFrom("\\", '"', " ", "\t", "'", "\u2019", "\n", "%", "^", "$", "`", "é"),
      fc.string({ unit: "grapheme" }),
    ),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join("").replaceAll("\0", ""));

/** The script that the login shell is asked to run, and the one that goes in by stdin. */
function scripts({ command, words = "" }: Launch): {
  readonly command: string;
  readonly first: string;
  readonly script: string;
} {
  const [, base64 = ""] = /^(?:\S+ )+(\S+)$/.exec(command) ?? [];
  return {
    command: command.slice(0, command.length - base64.length),
    first: Buffer.from(base64, "base64").toString("utf16le"),
    script: Buffer.from(words, "base64").toString("utf8"),
  };
}

const launched = (folder: string, argv: readonly string[]): Launch => {
  const asked = launch(folder, argv);
  if (!asked.ok) throw new Error(asked.failure);
  return asked.value;
};

/** What the variables say that stand in front of a script. */
function variables(script: string): Map<string, string> {
  const found = new Map<string, string>();
  let rest = script;
  for (let head = /^\$(\w)=(?=')/.exec(rest); head; head = /^\$(\w)=(?=')/.exec(rest)) {
    const { value, rest: behind } = readLiteral(rest.slice(head[0].length));
    found.set(head[1] ?? "", value);
    rest = behind.replace(/^\n/, "");
  }
  return found;
}

describe("quoting", () => {
  test("is what the documentation of CommandLineToArgvW shows", () => {
    const line = quoteArguments(["-i", "C:/a b/c.mkv", "", 'say "hi"', "C:\\dir\\", "C:\\my dir\\", 'a\\"b', "a\\\\b"]);
    expect(line).toBe('-i "C:/a b/c.mkv" "" "say \\"hi\\"" C:\\dir\\ "C:\\my dir\\\\" "a\\\\\\"b" a\\\\b');
    expect(quoteArgument("-c:v")).toBe("-c:v");
    expect(() => quoteArgument("a\0")).toThrow(RangeError);
  });

  test("any arguments are read back as they were", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (args) => {
        expect(parseArguments(quoteArguments(args))).toEqual(args);
      }),
      { numRuns: 2000 },
    );
  });

  test("the parser that tells so reads the documentation's own examples", () => {
    expect(parseArguments('"abc" d e')).toEqual(["abc", "d", "e"]);
    expect(parseArguments('a\\\\\\b d"e f"g h')).toEqual(["a\\\\\\b", "de fg", "h"]);
    expect(parseArguments('a\\\\\\"b c d')).toEqual(['a\\"b', "c", "d"]);
    expect(parseArguments('a\\\\\\\\"b c" d e')).toEqual(["a\\\\b c", "d", "e"]);
  });

  test("any text is a literal of PowerShell, typographical quotation marks too", () => {
    expect(literal("it's \u2018so\u2019")).toBe("'it''s \u2018\u2018so\u2019\u2019'");
    fc.assert(
      fc.property(word, word, (text, behind) => {
        expect(readLiteral(`${literal(text)};${behind}`)).toEqual({ value: text, rest: `;${behind}` });
      }),
    );
  });

  test("an encoded command is UTF-16, low byte first", () => {
    // Of about_PowerShell_exe.
    expect(encodeCommand('dir "c:\\program files" ')).toBe(
      "ZABpAHIAIAAiAGMAOgBcAHAAcgBvAGcAcgBhAG0AIABmAGkAbABlAHMAIgAgAA==",
    );
  });
});

describe("the command that is asked for", () => {
  test("is one and the same, and short enough for cmd.exe, however long the program's is", () => {
    const short = launched("C:/Users/me/df", ["ffmpeg", "-version"]);
    const long = launched("C:/Users/me/df", ["ffmpeg", ...Array.from({ length: 2000 }, (_, i) => `option-${i}`)]);
    expect(long.command).toBe(short.command);
    expect(janitorLaunch("C:/Users/me/df").command).toBe(short.command);
    expect(short.command.length).toBeLessThan(1500);
    const { command, first } = scripts(short);
    expect(command).toBe(
      "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand ",
    );
    expect(first).toBe(
      "$ProgressPreference='SilentlyContinue';$ErrorActionPreference='Stop';" +
        "$r=New-Object IO.StreamReader([Console]::OpenStandardInput(),[Text.Encoding]::ASCII);" +
        ". ([ScriptBlock]::Create([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($r.ReadLine()))))",
    );
    // Neither cmd.exe nor PowerShell finds anything to interpret, and PowerShell does not read stdin itself.
    expect(short.command).toMatch(/^[A-Za-z0-9.+/= -]+$/);
    expect(first).not.toMatch(/\$input\b/i);
  });

  test("that starts a program is what it was", async () => {
    const { script } = scripts(
      launched("C:/Users/Zoë/df", ["nice", "-n", "10", "ffmpeg", "-i", "file:C:/a 'b'.nut", "-f", "nut", 'x"y']),
    );
    await expect(script).toMatchFileSnapshot("windows-run.ps1");
  });

  test("that removes a folder is what it was", async () => {
    await expect(scripts(janitorLaunch("C:/Users/me/df/distffmpeg-1")).script).toMatchFileSnapshot(
      "windows-janitor.ps1",
    );
  });

  test("hands any arguments on untouched", () => {
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (args) => {
        const found = variables(scripts(launched("C:/work", ["C:/my ffmpeg.exe", ...args])).script);
        expect(found.get("f")).toBe("C:/my ffmpeg.exe");
        expect(parseArguments(found.get("a") ?? "?")).toEqual(args);
        expect(found.get("d")).toBe("C:\\work");
      }),
    );
  });

  test("gives a nice program a priority class", () => {
    const priority = (nice: string): string | undefined =>
      variables(scripts(launched("C:/w", ["nice", "-n", nice, "ffmpeg", "-h"])).script).get("n");
    expect(["1", "9", "10", "19"].map(priority)).toEqual(["BelowNormal", "BelowNormal", "Idle", "Idle"]);
    expect(variables(scripts(launched("C:/w", ["nice", "ffmpeg"])).script).get("f")).toBe("nice");
    expect(variables(scripts(launched("C:/w", ["ffmpeg", "nice", "-n", "3"])).script).get("n")).toBe("");
  });

  test("is refused where Windows could not start it", () => {
    expect(launch("C:/w", ["ffmpeg", "x".repeat(32_000)])).toEqual({
      ok: false,
      failure: "the command is too long for Windows (32006 characters)",
    });
    expect(launch("C:/w", ['ff"mpeg'])).toMatchObject({ ok: false });
  });
});

test("a script is a program of its own, its arguments are literals", async () => {
  const words = powershellWords({ sh: "", powershell: "'hello '+$argv[0]" }, ["it's", "\u2019"]);
  expect(words.slice(0, -1)).toEqual(
    "powershell.exe -NoProfile -NonInteractive -ExecutionPolicy Bypass -OutputFormat Text -EncodedCommand".split(" "),
  );
  const script = Buffer.from(words.at(-1) ?? "", "base64").toString("utf16le");
  await expect(script).toMatchFileSnapshot("windows-script.ps1");
});

test("the check of brackets finds what has no other half", () => {
  expect(unbalanced('if($a){\'(\';"`"["}')).toEqual([]);
  expect(unbalanced("if($a){")).toEqual(["{"]);
  expect(unbalanced("f(]")).toEqual(["]"]);
  expect(unbalanced("f('a)")).toEqual(["("]);
});

test.each([
  ["the runner", scripts(launched("C:/w", ["ffmpeg"])).script],
  ["the janitor", scripts(janitorLaunch("C:/w")).script],
])("brackets and quotes of %s are balanced", (_, script) => {
  expect(unbalanced(script)).toEqual([]);
});

describe("frames", () => {
  const frame = (kind: string, text: string): string => `@df${kind}:${Buffer.from(text).toString("base64")};`;
  const read = (pieces: readonly string[]): { out: string; err: string; status: number | undefined; noise: string } => {
    let [out, err] = ["", ""];
    const reader = new FrameReader({
      pushStdout: (data) => (out += Buffer.from(data).toString()),
      pushStderr: (data) => (err += Buffer.from(data).toString()),
    });
    for (const piece of pieces) reader.push(Buffer.from(piece));
    return { out, err, status: reader.status, noise: reader.noise };
  };

  test("are read however a shell breaks them up, and nothing else is", () => {
    const text = `${frame("o", "frame=1\n")}\r\n${frame("e", "words é\n")}\n${frame("x", "-1094995529")}\n`;
    const whole = { out: "frame=1\n", err: "words é\n", status: -1_094_995_529, noise: "" };
    expect(read([text])).toEqual(whole);
    expect(read([...text])).toEqual(whole);
    expect(read([text.replace(/.{7}/g, "$&\r\n ")])).toEqual(whole);
  });

  test("bytes come as they were", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 })), fc.integer({ min: 1, max: 50 }), (blocks, step) => {
        const seen: Buffer[] = [];
        const reader = new FrameReader({
          pushStdout: (data) => seen.push(Buffer.from(data)),
          pushStderr: () => undefined,
        });
        const all = blocks.map((block) => `@dfo:${Buffer.from(block).toString("base64")};\n`).join("");
        for (let at = 0; at < all.length; at += step) reader.push(Buffer.from(all.slice(at, at + step)));
        expect(Buffer.concat(seen)).toEqual(Buffer.concat(blocks));
      }),
      { numRuns: 50 },
    );
  });

  test("what a shell says for itself is kept apart", () => {
    expect(read(["'powershell.exe' is not recognized\r\n"])).toEqual({
      ...{ out: "", err: "", status: undefined, noise: "'powershell.exe' is not recognized\r\n" },
    });
    expect(read(["x".repeat(1_000_000), "@dfo:", "A".repeat(1_000_000), frame("x", "3")]).noise.length).toBeLessThan(
      5000,
    );
    expect(read([`hello ${frame("x", "many")}`]).status).toBeUndefined();
  });
});

describe("a program on Windows", () => {
  /** A link to a server on which `answer` stands for the shell: it is given the first line of stdin, and says what comes out and the status. */
  function linkTo(answer: (line: string) => { readonly out: string; readonly status: number }): Link {
    const client: Client = new ssh2.Client();
    client.exec = (_command: unknown, then: unknown) => {
      let asked = "";
      const channel = new Duplex({
        read: () => undefined,
        write: (data: Buffer, _encoding, done) => {
          asked += data.toString();
          if (asked.includes("\n") && !channel.readableEnded) {
            const { out, status } = answer(asked.slice(0, asked.indexOf("\n")));
            channel.push(out);
            setImmediate(() => channel.emit("close", status));
          }
          done();
        },
      });
      Object.assign(channel, { stderr: new PassThrough() });
      (then as (error: undefined, channel: Duplex) => void)(undefined, channel);
      return client;
    };
    return new Link(client, "w", 5000);
  }

  const run = (
    answer: Parameters<typeof linkTo>[0],
    options: RunOptions = {},
  ): Promise<Result<ProcessEnd, TransportFailure>> =>
    runRemote(linkTo(answer), launched("C:/w", ["ffmpeg", "-h"]), options);

  test("ends with the status that it told, whatever the shell makes of it", async () => {
    const lines: string[] = [];
    const out = `Profile loaded\r\n@dfo:${btoa("frame=1\n")};\r\n@dfe:${btoa("words\r\n")};\r\n@dfx:${btoa("234")};\r\n`;
    let script = "";
    const end = await run(
      (line) => {
        script = Buffer.from(line, "base64").toString();
        return { out, status: 1 };
      },
      { onStdoutLine: (line) => lines.push(line) },
    );
    expect(end).toEqual({ ok: true, value: { code: 234, signal: undefined, stderrTail: ["words"], stdout: "" } });
    expect(lines).toEqual(["frame=1"]);
    expect(script).toContain("$f='ffmpeg'\n$a='-h'\n");
  });

  test("that PowerShell never started is told with the shell's own words", async () => {
    const end = await run(() => ({ out: "powershell.exe: not found\n", status: 127 }));
    expect(end).toMatchObject({
      ok: false,
      failure: { kind: "transfer", what: "w: PowerShell did not run the program", detail: "powershell.exe: not found" },
    });
  });

  test("that heard nothing for a while costs the connection", async () => {
    const end = await run(() => ({ out: `@dfx:${btoa("125")};`, status: 1 }));
    expect(end).toMatchObject({ ok: false, failure: { kind: "connection" } });
  });
});

test("the folder is told to programs and to SFTP, each in its own way", () => {
  const told = (path: string): string => `\r\n@distffmpeg folder ${path}\r\n`;
  expect(folderOf(told("C:\\Users\\Zoë B\\df\\distffmpeg-1"))).toEqual({
    folder: "C:/Users/Zoë B/df/distffmpeg-1",
    files: "/C:/Users/Zoë B/df/distffmpeg-1",
  });
  expect(folderOf(told("\\\\server\\share\\df"))).toBeUndefined();
  expect(folderOf("")).toBeUndefined();
});
