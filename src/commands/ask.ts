import { openSync } from "node:fs";
import { ReadStream } from "node:tty";

const [CTRL_C, CTRL_D, BACKSPACE, DELETE] = ["\u0003", "\u0004", "\b", "\u007f"];

/** The terminal that somebody sits at, whatever standard input is; undefined when there is none. */
function terminal(): ReadStream | undefined {
  try {
    return new ReadStream(openSync("/dev/tty", "r"));
  } catch {
    return undefined;
  }
}

/** Asks a question with yes or no for an answer; undefined when there is nobody to ask. */
export async function confirm(question: string): Promise<boolean | undefined> {
  const answer = await ask(`${question} [y/N] `, true);
  return answer === undefined ? undefined : /^y(es)?$/i.test(answer.trim());
}

/** Asks for a word that is not shown; undefined when there is nobody to ask, or nothing was typed. */
export async function secret(prompt: string): Promise<string | undefined> {
  return (await ask(prompt, false)) || undefined;
}

function ask(prompt: string, echo: boolean): Promise<string | undefined> {
  const tty = terminal();
  if (!tty) return Promise.resolve(undefined);
  // Before the prompt: what is typed at it must not be echoed by the terminal itself.
  tty.setRawMode(true);
  process.stderr.write(prompt);
  return new Promise((resolve) => {
    let typed = "";
    const end = (answer: string | undefined): void => {
      tty.setRawMode(false);
      tty.destroy();
      process.stderr.write("\n");
      resolve(answer);
    };
    tty.on("error", () => end(undefined));
    tty.on("data", (block: Buffer) => {
      for (const key of block.toString()) {
        if (key === "\r" || key === "\n") {
          end(typed);
          return;
        }
        if (key === CTRL_C) {
          end(undefined);
          process.kill(process.pid, "SIGINT");
          return;
        }
        if (key === CTRL_D) {
          end(undefined);
          return;
        }
        if (key === BACKSPACE || key === DELETE) typed = typed.slice(0, -1);
        else typed += key;
        if (echo) process.stderr.write(key);
      }
    });
  });
}
