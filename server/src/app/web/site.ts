import {
  type Client,
  type CurrentUser,
  createClient,
  isMultitapError,
  type Scope,
  sessionCookie,
} from "@multitap/client";

/** What the page reads of the heartbeat, which anybody may ask for. */
interface Heartbeat {
  readonly SYSTEM: { readonly SHOW_SETUP_WIZARD: boolean };
  readonly FRONTEND: { readonly DISABLE_USERPASS_LOGIN: boolean };
  readonly OIDC: { readonly ENABLED: boolean; readonly PROVIDER: string };
  readonly MULTITAP: { readonly version: string };
}

/** The server, and who the browser is to it. */
export interface Site {
  readonly client: Client;
  readonly heartbeat: Heartbeat;
  /** Null: not signed in. */
  readonly account: CurrentUser | null;
}

/** One drawing of one place. */
export interface Scene extends Site {
  /** Aborts when the user goes elsewhere. */
  readonly signal: AbortSignal;
  can(scope: Scope): boolean;
  /** Does what the user asked for, and says why when it fails; the button waits meanwhile. */
  work(task: () => Promise<unknown>, button?: HTMLButtonElement): void;
  /** Says something in words, to screen readers too. */
  say(text: string): void;
  /** Draws the place anew. */
  redraw(): void;
  /** Asks the server again who the browser is to it, and goes to a place. */
  enter(hash: string): Promise<void>;
}

/** Draws a place. */
export type Draw = (scene: Scene) => Node | Promise<Node>;

/** Where the server is: the script lies one folder below it, whatever a proxy put before. */
export const BASE = new URL("..", import.meta.url).href.replace(/\/$/, "");

/** Asks the server who it is, and who the browser is to it. */
export async function openSite(): Promise<Site> {
  const client = createClient({ url: BASE, auth: sessionCookie(), app: { name: "web", version: "1" } });
  const answer = await client.fetch("/api/heartbeat");
  const heartbeat = (await answer.json()) as Heartbeat;
  return {
    client,
    heartbeat,
    account: heartbeat.SYSTEM.SHOW_SETUP_WIZARD ? null : await findAccount(client),
  };
}

async function findAccount(client: Client): Promise<CurrentUser | null> {
  try {
    return await client.users.me();
  } catch (error) {
    if (isMultitapError(error, "unauthenticated")) return null;
    throw error;
  }
}

/** Why a sign-in was refused, by the status of the answer. */
const REFUSALS: Readonly<Record<number, string>> = {
  401: "This name and password do not fit. Check both and try again.",
  403: "This account is disabled, or signs in elsewhere. Ask an administrator.",
  429: "That was tried too often. Wait a minute, then try again.",
};

/** Signs the browser in: the server answers with its cookie. Gives why it did not, in words; null when it did. */
export async function signIn(client: Client, username: string, password: string): Promise<string | null> {
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  const proof = btoa(String.fromCodePoint(...bytes));
  const answer = await client.fetch("/api/login", {
    method: "POST",
    headers: { authorization: `Basic ${proof}` },
  });
  await answer.body?.cancel();
  if (answer.ok) return null;
  return REFUSALS[answer.status] ?? `The server failed (status ${answer.status}). Try again in a moment.`;
}

/** Asks again every so often, and at once when told to, until the scene is over. */
export function keepAsking(scene: Scene, everyMs: number, ask: () => Promise<void>): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsking = false;
  let isWanted = false;
  const run = () => {
    clearTimeout(timer);
    if (scene.signal.aborted) return;
    isWanted = isAsking;
    if (isAsking) return;
    isAsking = true;
    scene.work(async () => {
      try {
        await ask();
      } finally {
        isAsking = false;
        if (isWanted) run();
        else timer = setTimeout(run, everyMs);
      }
    });
  };
  scene.signal.addEventListener("abort", () => clearTimeout(timer));
  run();
  return run;
}
