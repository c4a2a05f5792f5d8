import { ResetPasswordOutput } from "../users/operator/contract.ts";
import { callServer } from "./calls.ts";
import { createCommand } from "./command.ts";
import { openServer } from "./open-server.ts";
import { readPassword } from "./password.ts";

/** `user reset-password`: gives an account a new password. */
export const userResetPassword = createCommand({
  name: "user reset-password",
  summary: "Gives an account a new password and signs its browsers and apps out; client tokens stay.",
  positionals: ["NAME"],
  options: {
    "password-stdin": {
      kind: "flag",
      fallback: false,
      help: "Read the password from the first line of standard input.",
    },
  },
  notes: [
    "Without --password-stdin the password is taken from MULTITAP_PASSWORD, or asked for at the terminal.",
  ],
  async run(call) {
    const { options, terminal, environment, positionals } = call;
    const [username = ""] = positionals;
    const isFromStdin = options["password-stdin"];
    const password = await readPassword({ isFromStdin, environment, terminal, input: process.stdin });
    const server = await openServer(call, { withWorker: false });
    try {
      const user = await callServer(server, {
        operation: "users.setPassword",
        input: { username, password },
        output: ResetPasswordOutput,
      });
      return {
        json: { user: { id: user.userId, username: user.username } },
        lines: [`${user.username} has a new password.`],
      };
    } finally {
      await server.close();
    }
  },
});
