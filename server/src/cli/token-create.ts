import { NewClientTokenSchema } from "../auth/contract.ts";
import { SCOPES } from "../base/scopes.ts";
import { callServer } from "./calls.ts";
import { createCommand } from "./command.ts";
import { openServer } from "./open-server.ts";

/** `token create`: makes an API token for an account. */
export const tokenCreate = createCommand({
  name: "token create",
  summary: "Makes an API token for an app and prints it; it cannot be shown again.",
  options: {
    user: { kind: "text", placeholder: "NAME", help: "Whose token it is.", isRequired: true },
    name: { kind: "text", placeholder: "NAME", help: "What the token is for.", isRequired: true },
    scope: {
      kind: "list",
      placeholder: "SCOPE",
      help: "What the token may do; everything its owner may unless said.",
    },
    expires: {
      kind: "text",
      placeholder: "SPAN",
      accepts: ["30d", "90d", "1y", "never"],
      help: "When it ends; never unless said.",
    },
  },
  notes: [`Scopes: ${SCOPES.join(" ")}`, "Standard output holds the token alone, so it can be piped."],
  async run(call) {
    const { user, name, scope, expires } = call.options;
    const server = await openServer(call, { withWorker: false });
    try {
      const input = { username: user, name, scopes: scope, expiresIn: expires ?? "never" };
      const token = await callServer(server, {
        operation: "clientTokens.createFor",
        input,
        output: NewClientTokenSchema,
      });
      const { id, userId, scopes, expiresAt, rawToken } = token;
      if (!call.options.json) {
        const end = expiresAt === null ? "never expires" : `expires ${expiresAt}`;
        call.terminal.note(`Token ${token.name} of ${user} (id ${id}) ${end}; scopes: ${scopes.join(" ")}`);
      }
      return {
        json: { token: rawToken, id, userId, user, name: token.name, scopes, expiresAt },
        lines: [rawToken],
      };
    } finally {
      await server.close();
    }
  },
});
