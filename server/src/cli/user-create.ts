import { UserSchema } from "../users/contract.ts";
import { callServer } from "./calls.ts";
import { createCommand } from "./command.ts";
import { openServer } from "./open-server.ts";
import { readPassword } from "./password.ts";

/** `user create`: makes an account. */
export const userCreate = createCommand({
  name: "user create",
  summary: "Makes an account. The first account becomes an administrator, whatever role is asked for.",
  positionals: ["NAME"],
  options: {
    role: {
      kind: "text",
      placeholder: "ROLE",
      accepts: ["user", "admin", "viewer", "editor"],
      help: "What the account may do; user unless said.",
    },
    email: { kind: "text", placeholder: "EMAIL", help: "E-mail address; none unless said." },
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
    // Before the server is opened: a person who hesitates must not hold the database.
    const password = await readPassword({ isFromStdin, environment, terminal, input: process.stdin });
    const server = await openServer(call, { withWorker: false });
    try {
      const input = { username, password, email: options.email ?? "", role: options.role ?? "user" };
      const user = await callServer(server, { operation: "users.create", input, output: UserSchema });
      const { id, role, email } = user;
      return {
        json: { user: { id, username: user.username, role, email } },
        lines: [`${role === "admin" ? "Administrator" : "User"} ${user.username} was created (id ${id}).`],
      };
    } finally {
      await server.close();
    }
  },
});
