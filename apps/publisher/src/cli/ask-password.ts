import { ConfigurationError } from "@das/core";

const VARIABLE = "DAS_ADMIN_PASSWORD";

/**
 * The administrator's password: from the environment, or asked for at a terminal. Never an argument, because arguments
 * are seen by every user of a machine.
 * @throws ConfigurationError when there is neither; the prompt was given up (Ctrl+C)
 */
export async function askPassword(
  user: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const given = environment[VARIABLE];
  if (given) return given;
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw noPassword(user, "there is no terminal to ask at");
  // Before the question: who answers at once must neither see the password on the screen nor end the command.
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stderr.write(`Password of ${user}: `);
  let typed = "";
  try {
    for await (const key of stdin) {
      for (const character of String(key)) {
        if (character === "\r" || character === "\n") return typed;
        if (character === "\u0003" || character === "\u0004") throw noPassword(user, "none was typed");
        typed = character === "\u007f" ? typed.slice(0, -1) : typed + character;
      }
    }
    return typed;
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write("\n");
  }
}

function noPassword(user: string, why: string): ConfigurationError {
  return new ConfigurationError({
    who: "das",
    what: `the password of the administrator ${user} is not known: ${VARIABLE} is not set, and ${why}`,
    remedy: `Set ${VARIABLE} for this command, or run it at a terminal`,
    code: "secret-missing",
  });
}
