import { describe, expect, test } from "bun:test";
import type { Invite } from "@multitap/server/contract/auth/invites";
import { createClientIn } from "../client.ts";
import { systemEnvironment } from "../environment.ts";
import type { HttpParts } from "../http/rest.ts";
import type { Rpc } from "../rpc/rpc.ts";
import { failureOf } from "../testing/failure-of.ts";
import { createUsers, type Users } from "./users.ts";

/** Records what goes out, and answers everything with the same. */
function setUp(answer: unknown = null) {
  const sent: [string, unknown][] = [];
  const record = async <T>(operation: string, input: unknown): Promise<T> => {
    sent.push([operation, input]);
    return answer as T;
  };
  const rpc: Rpc = { query: record, mutate: record };
  // Only an upload goes past the typed door, and has its own test.
  return { sent, users: createUsers(rpc, {} as HttpParts) };
}

describe("the calls about accounts", () => {
  const calls: [string, (users: Users) => Promise<unknown>, unknown][] = [
    ["users.me", (users) => users.me(), {}],
    ["users.list", (users) => users.list(), {}],
    ["users.get", (users) => users.get(7), { userId: 7 }],
    [
      "users.create",
      (users) => users.create({ username: "ana", password: "a password" }),
      { username: "ana", password: "a password", email: "", role: "user" },
    ],
    [
      "users.create",
      (users) => users.create({ username: "ana", password: "a password", email: undefined, role: "editor" }),
      { username: "ana", password: "a password", email: "", role: "editor" },
    ],
    [
      "users.update",
      (users) => users.update(7, { email: "", isEnabled: false }),
      { userId: 7, email: "", isEnabled: false },
    ],
    ["users.remove", (users) => users.remove(7), { userId: 7 }],
    ["users.invite", (users) => users.invite({ role: "user" }), { role: "user" }],
    [
      "users.register",
      (users) => users.register({ token: "t", username: "ana", password: "a password" }),
      { token: "t", username: "ana", password: "a password", email: "" },
    ],
    ["users.askPasswordReset", (users) => users.askPasswordReset("ana"), { username: "ana" }],
    [
      "users.resetPassword",
      (users) => users.resetPassword({ token: "t", newPassword: "a password" }),
      { token: "t", newPassword: "a password" },
    ],
  ];
  test.each(calls)("ask for %s", async (operation, call, input) => {
    const { sent, users } = setUp();
    await call(users);
    expect(sent).toEqual([[operation, input]]);
  });

  test("hand the answer out", async () => {
    const invite: Invite = { token: "t", url: null };
    const { users } = setUp(invite);
    expect(await users.invite({ role: "user" })).toEqual(invite);
    expect(await users.askPasswordReset("ana")).toBeUndefined();
  });
});

describe("updateAvatar", () => {
  function setUpUpload(answer: Response) {
    const requests: { url: string; init: RequestInit }[] = [];
    const fetch = async (url: string, init: RequestInit) => {
      requests.push({ url, init });
      return answer;
    };
    return { requests, client: createClientIn(systemEnvironment, { url: "http://nas", fetch, auth: "t" }) };
  }

  test.each([new Uint8Array([1, 2, 3]), new Blob([new Uint8Array([1, 2, 3])])])(
    "sends a form with one file of %p",
    async (bytes) => {
      const { client, requests } = setUpUpload(Response.json({ id: 7 }));
      await client.users.updateAvatar(7, bytes);
      const [request] = requests;
      expect([request?.url, request?.init.method]).toEqual(["http://nas/api/users/7", "PUT"]);
      const form = request?.init.body as FormData;
      expect([...form.keys()]).toEqual(["avatar"]);
      const file = form.get("avatar") as File;
      expect([...(await file.bytes())]).toEqual([1, 2, 3]);
      expect(new Headers(request?.init.headers).get("authorization")).toBe("Bearer t");
    },
  );

  test("fails with the server's own words", async () => {
    const { client } = setUpUpload(Response.json({ detail: "Avatar must be a PNG" }, { status: 400 }));
    const error = await failureOf(client.users.updateAvatar(7, new Uint8Array()));
    expect([error.kind, error.message]).toEqual(["invalid", "Avatar must be a PNG"]);
  });
});
