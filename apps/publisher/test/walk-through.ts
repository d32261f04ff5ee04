import { readFile } from "node:fs/promises";
import { expect } from "vitest";

const README = new URL("../../../README.md", import.meta.url);
const SECTION = "## Start an activity stream";

/** The commands of the README's walk-through, one after the other: a test that lives through it cannot miss one. */
export class WalkThrough {
  readonly #lines: string[];

  private constructor(lines: string[]) {
    this.#lines = lines;
  }

  static async read(): Promise<WalkThrough> {
    const [, section = ""] = (await readFile(README, "utf8")).split(SECTION);
    const [, script = ""] = /^```sh\n(.*?)^```$/ms.exec(section.split(/^## /m)[0] ?? "") ?? [];
    return new WalkThrough(script.trimEnd().split("\n"));
  }

  /**
   * The arguments of the next line, which has to be this command.
   * @param here what stands here in the place of the words of the example: `sa`
   */
  next(command: string, here: Readonly<Record<string, string>>): readonly string[] {
    const [das, ...args] = (this.#lines.shift() ?? "").replace(/\s+# .*/, "").split(" ");
    expect([das, args[0]]).toEqual(["das", command]);
    return args.map((word) => here[word] ?? word);
  }

  get left(): readonly string[] {
    return this.#lines;
  }
}
