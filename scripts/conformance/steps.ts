/**
 * What happened between the recorded pairs and left traces in them: accounts, tokens, a scan. Each step comes
 * before the first pair that shows it, and learns what its own ids and codes are called in the recording.
 */
import { ask, pick, type Session } from "./session.ts";

export interface Step {
  /** The recording's number of the first pair that needs it. */
  readonly before: number;
  readonly run: (session: Session) => Promise<void>;
}

const SCAN_TIMEOUT_MS = 30_000;
const SCAN_POLL_MS = 100;

/** Everything that an account without special rights may do; its token in the recording has all of it. */
const PLAIN_SCOPES =
  "me.read roms.read platforms.read assets.read devices.read firmware.read roms.user.read collections.read " +
  "playlists.read me.write assets.write devices.write roms.user.write collections.write playlists.write";
const ADMIN_SCOPES = `${PLAIN_SCOPES} roms.write platforms.write firmware.write users.read users.write tasks.run logs.read`;
const CLIENT_SCOPES =
  "roms.read platforms.read assets.read assets.write devices.read devices.write me.read roms.user.read roms.user.write";

interface SignIn {
  readonly token: string;
  readonly username: string;
  readonly password: string;
  readonly scope: string;
}

async function signIn(session: Session, { token, username, password, scope }: SignIn): Promise<void> {
  const form = { grant_type: "password", username, password, scope };
  const secret = pick(await ask(session, "POST /api/token", { form }), "access_token");
  if (secret !== null) session.tokens.set(token, String(secret));
}

async function createUser(session: Session, username: string, theirId: number): Promise<void> {
  // Every role but "admin" made a plain account without a group in the recording.
  const json = { username, email: "", password: `${username}pass`, role: "user" };
  const id = pick(await ask(session, "POST /api/users", { token: "admin token", json }), "id");
  if (typeof id === "number") session.correspondence.learnId("user", theirId, id);
}

async function createClientToken(
  session: Session,
  { name, theirId, more = {} }: { name: string; theirId: number; more?: Record<string, string> },
): Promise<void> {
  const json = { name, scopes: ["roms.read"], ...more };
  const id = pick(await ask(session, "POST /api/client-tokens", { token: "admin token", json }), "id");
  if (typeof id === "number") session.correspondence.learnId("client-token", theirId, id);
}

/** The secret that a recorded pair handed out; a token made for the purpose when it did not. */
async function holdClientToken(session: Session, token: string, seq: number): Promise<void> {
  const handed = pick(session.answers.get(seq)?.json, "raw_token");
  const json = { name: `stands in for ${token}`, scopes: CLIENT_SCOPES.split(" ") };
  const secret =
    handed ??
    pick(await ask(session, "POST /api/client-tokens", { token: "admin token", json }), "raw_token");
  if (secret !== null) session.tokens.set(token, String(secret));
}

async function startSecondDeviceFlow(session: Session): Promise<void> {
  const json = {
    client_device_identifier: "dev-ident-0002",
    name: "Pocket Two",
    client: "argosy",
    platform: "android",
    client_version: "1.2.3",
    requested_scopes: ["me.read"],
  };
  const answer = await ask(session, "POST /api/auth/device/init", { json });
  const [device, user] = [pick(answer, "device_code"), pick(answer, "user_code")];
  if (device === null || user === null) return;
  const theirs = "e99f50e3e11e40085ee6dce6e3c8c974f1ad4a006d096eb41b51ab4712a1438a";
  session.correspondence.learnText(theirs, String(device));
  session.correspondence.learnText("G46TJFDN", String(user));
}

/** The whole library is scanned, hashes included. */
async function scanLibrary(session: Session): Promise<void> {
  const token = "admin token";
  const started = await ask(session, "POST /trpc/scan.start", { token, json: {} });
  const id = pick(started, "result", "data", "id");
  if (id === null) return;
  const input = encodeURIComponent(JSON.stringify({ scanId: id }));
  const deadlineMs = performance.now() + SCAN_TIMEOUT_MS;
  while (performance.now() < deadlineMs) {
    const scan = await ask(session, `GET /trpc/scan.get?input=${input}`, { token });
    const status = pick(scan, "result", "data", "status");
    if (status === "done") return;
    if (status === null || status === "failed") break;
    await Bun.sleep(SCAN_POLL_MS);
  }
  session.notes.push("the library was not scanned");
}

/** One white pixel as GIF. */
const PICTURE = Buffer.from("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7", "base64");

/** A collection of favourites with one rom, and one with a cover. */
async function createCollections(session: Session): Promise<void> {
  const token = "admin token";
  const create = async (
    theirId: number,
    name: string,
    { query = "", artwork }: { query?: string; artwork?: Blob },
  ) => {
    const multipart = new FormData();
    multipart.append("name", name);
    if (artwork !== undefined) multipart.append("artwork", artwork, "cover.gif");
    const id = pick(await ask(session, `POST /api/collections${query}`, { token, multipart }), "id");
    if (typeof id === "number") session.correspondence.learnId("collection", theirId, id);
    return id;
  };
  const id = await create(2, "Favourites", { query: "?is_favorite=true" });
  await create(3, "Covered", { artwork: new Blob([PICTURE]) });
  const romId = session.correspondence.findId("rom", 25);
  if (romId !== null)
    await ask(session, `POST /api/collections/${id}/roms`, { token, json: { rom_ids: [romId] } });
}

/** What was said of a rom is taken back: it has neither a name nor a cover from then on. */
async function unmatchRom(session: Session): Promise<void> {
  const romId = session.correspondence.findId("rom", 25);
  if (romId !== null) {
    await ask(session, `PUT /api/roms/${romId}?unmatch_metadata=true`, {
      token: "admin token",
      multipart: new FormData(),
    });
  }
}

/** A sync of the recorded device that is under way. */
async function beginSync(session: Session): Promise<void> {
  const theirs = "cd6c6f46-004a-4f68-8524-d5e85874d5cf";
  const json = { device_id: session.correspondence.findText(theirs), saves: [] };
  const answer = await ask(session, "POST /api/sync/negotiate", { token: "client token", json });
  const id = pick(answer, "session_id");
  if (typeof id === "number") session.correspondence.learnId("session", 11, id);
}

/** A session without a device, in March, which the list shows beside the recorded ones. */
async function tellPlaySession(session: Session): Promise<void> {
  const romId = session.correspondence.findId("rom", 25);
  const json = {
    sessions: [
      {
        rom_id: romId,
        save_slot: "autosave",
        start_time: "2026-03-01T10:00:00Z",
        end_time: "2026-03-01T11:00:00Z",
        duration_ms: 1_800_000,
      },
    ],
  };
  await ask(session, "POST /api/play-sessions", { token: "client token", json });
}

const admin = { username: "admin", password: "adminpass" };

export const STEPS: readonly Step[] = [
  {
    before: 40,
    run: (session) =>
      signIn(session, { ...admin, token: "admin token with roms.read only", scope: "roms.read" }),
  },
  { before: 40, run: (session) => signIn(session, { ...admin, token: "admin token", scope: ADMIN_SCOPES }) },
  { before: 57, run: (session) => createUser(session, "editor1", 3) },
  { before: 57, run: (session) => createUser(session, "weird", 4) },
  {
    before: 81,
    run: (session) =>
      signIn(session, {
        token: "plain user token",
        username: "viewer1",
        password: "viewerpass",
        scope: PLAIN_SCOPES,
      }),
  },
  {
    before: 89,
    run: (session) =>
      createClientToken(session, { name: "forever", theirId: 2, more: { expires_in: "never" } }),
  },
  { before: 89, run: (session) => createClientToken(session, { name: "default", theirId: 3 }) },
  { before: 95, run: (session) => holdClientToken(session, "client token before exchange", 86) },
  { before: 107, run: (session) => holdClientToken(session, "client token", 101) },
  { before: 128, run: startSecondDeviceFlow },
  { before: 148, run: scanLibrary },
  { before: 326, run: unmatchRom },
  { before: 469, run: beginSync },
  { before: 488, run: tellPlaySession },
  { before: 502, run: createCollections },
];
