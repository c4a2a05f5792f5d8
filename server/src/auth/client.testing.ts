import { type Client, createClient, isMultitapError } from "@multitap/client";
import type { TestApp } from "../app/testing.ts";

/** Whose client it is, and what it may do; the administrator's unless said. */
export interface ClientWish {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly scope: string;
}

/** Opens the published client on an app without a port. */
export async function openAppClient(
  app: Pick<TestApp, "fetch">,
  { username = "admin", password = "adminpass", scope }: ClientWish,
): Promise<Client> {
  const body = new URLSearchParams({ username, password, scope });
  const granted = await app.fetch("/api/token", { method: "POST", body });
  const { access_token: auth } = (await granted.json()) as { access_token: string };
  const fetch = (url: string, init: RequestInit) => app.fetch(url.replace("http://nas", ""), init);
  return createClient({ url: "http://nas", fetch, auth, retry: false });
}

/** What a call of the client failed with, in a word. */
export function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: unknown) => (isMultitapError(error) ? `${error.kind} ${error.code}` : String(error)),
  );
}
