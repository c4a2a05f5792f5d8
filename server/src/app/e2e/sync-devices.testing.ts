/** Requests of the model's devices, in the three protocols that the server takes. */
import {
  digest,
  Interrupted,
  type Lane,
  type ModelDevice,
  type Operation,
  type Transport,
} from "./sync-model.testing.ts";

/** Where the server is at this moment; it changes when it is started again. */
export interface ServerPlace {
  readonly url: string;
  readonly token: string;
}

/** How long one request may take before the server counts as gone, in milliseconds. */
const REQUEST_MAX_MS = 20_000;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A server's answer to one request that it must not have given. */
class Unexpected extends Error {}

interface SaveRow {
  readonly id: number;
  readonly updated_at: string;
}

interface WireOperation {
  readonly action: string;
  readonly rom_id: number;
  readonly slot: string | null;
  readonly save_id: number | null;
}

/** Requests as every part of the transport makes them. */
interface Calls {
  readonly lanes: readonly Lane[];
  call(path: string, init?: RequestInit): Promise<Answer>;
  post(path: string, body: unknown): Promise<Answer>;
  /** A mutation of the typed door. */
  mutate<T>(procedure: string, input: unknown): Promise<T>;
  /** A query of the typed door. */
  ask<T>(procedure: string, input: unknown): Promise<T>;
}

function createCalls(place: () => ServerPlace, lanes: readonly Lane[]): Calls {
  const call = async (path: string, init: RequestInit = {}): Promise<Answer> => {
    const { url, token } = place();
    const headers = { ...(init.headers as Record<string, string>), authorization: `Bearer ${token}` };
    try {
      const signal = AbortSignal.timeout(REQUEST_MAX_MS);
      const response = await fetch(url + path, { ...init, headers, signal, keepalive: false });
      const answer = { status: response.status, text: await response.text() };
      // While it stops and starts it answers so.
      if (answer.status === 503) throw new Interrupted(answer.text);
      if (answer.status >= 500) throw new Unexpected(`${path} answered ${answer.status}: ${answer.text}`);
      return answer;
    } catch (error) {
      if (error instanceof Unexpected) throw error;
      throw new Interrupted(path, { cause: error });
    }
  };
  const post = (path: string, body: unknown) =>
    call(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  return {
    lanes,
    call,
    post,
    mutate: async (procedure, input) => readResult(procedure, await post(`/trpc/${procedure}`, input)),
    ask: async (procedure, input) =>
      readResult(
        procedure,
        await call(`/trpc/${procedure}?input=${encodeURIComponent(JSON.stringify(input))}`),
      ),
  };
}

function readResult<T>(procedure: string, answer: Answer): T {
  return (JSON.parse(requireOk(procedure, answer)) as { result: { data: T } }).result.data;
}

function requireOk(what: string, { status, text }: Answer): string {
  if (status === 200) return text;
  throw new Unexpected(`${what} answered ${status}: ${text}`);
}

const listFiles = (device: ModelDevice) => [...device.files].map(([lane, file]) => ({ lane, ...file }));

async function planCompatible({ lanes, post }: Calls, device: ModelDevice) {
  const saves = listFiles(device).map(({ lane, text, at }) => ({
    rom_id: lane.romId,
    file_name: lane.file,
    slot: lane.slot,
    content_hash: digest("md5", text),
    updated_at: at,
    file_size_bytes: text.length,
  }));
  const answer = await post("/api/sync/negotiate", { device_id: device.id, saves });
  const body = JSON.parse(requireOk("negotiate", answer)) as {
    session_id: number;
    operations: WireOperation[];
  };
  const operations = body.operations.flatMap(({ action, rom_id, slot, save_id }): Operation[] => {
    const lane = lanes.find((each) => each.romId === rom_id && each.slot === slot);
    const named = (action === "no_op" ? "none" : action) as Operation["action"];
    return lane === undefined ? [] : [{ action: named, lane, saveId: save_id }];
  });
  return { session: String(body.session_id), operations };
}

async function planDocumented({ lanes, post }: Calls, device: ModelDevice) {
  const roms = [...Map.groupBy(listFiles(device), ({ lane }) => lane.romId)].map(([romId, files]) => ({
    rom_id: romId,
    saves: files.map(({ lane, text, at }) => ({ file: lane.file, mtime: at, sha1: digest("sha1", text) })),
  }));
  const answer = await post("/api/sync/negotiate", { device_id: device.id, roms });
  const body = JSON.parse(requireOk("negotiate", answer)) as {
    session_id: string;
    operations: (WireOperation & { type: string; file: string })[];
  };
  const operations = body.operations.flatMap((each): Operation[] => {
    // A file that the server does not have yet is told without a slot.
    const lane = lanes.find(({ romId, file }) => romId === each.rom_id && file === each.file);
    const action = (each.type === "noop" ? "none" : each.type) as Operation["action"];
    return lane === undefined ? [] : [{ action, lane, saveId: each.save_id }];
  });
  return { session: body.session_id, operations };
}

interface OwnPlan {
  readonly sessionId: number;
  readonly actions: readonly {
    readonly key: string | null;
    readonly action: Operation["action"];
    readonly romId: number;
    readonly remote: { readonly id: number; readonly slot: string | null } | null;
  }[];
}

async function planOwn({ lanes, mutate }: Calls, device: ModelDevice) {
  const entries = listFiles(device).map(({ lane, text, at }) => ({
    key: lane.file,
    rom: lane.romId,
    kind: "save",
    slot: lane.slot,
    name: lane.file,
    hash: digest("sha1", text),
    sizeBytes: text.length,
    modifiedAt: at,
  }));
  const plan = await mutate<OwnPlan>("sync.plan", { deviceId: device.id, entries, kinds: ["save"] });
  const operations = plan.actions.flatMap(({ key, action, romId, remote }): Operation[] => {
    const lane =
      lanes.find(({ file }) => file === key) ??
      lanes.find((each) => each.romId === romId && each.slot === remote?.slot);
    return lane === undefined ? [] : [{ action, lane, saveId: remote?.id ?? null }];
  });
  return { session: String(plan.sessionId), operations };
}

const PLANS = { compatible: planCompatible, documented: planDocumented, own: planOwn } as const;

type Upload = Transport["upload"];

function sendForm(
  { call }: Calls,
  { lane, text }: { readonly lane: Lane; readonly text: string },
  query: Record<string, string>,
) {
  const form = new FormData();
  form.append("saveFile", new File([text], lane.file));
  const search = new URLSearchParams({ rom_id: String(lane.romId), slot: lane.slot, ...query });
  return call(`/api/saves?${search}`, { method: "POST", body: form });
}

function createUpload(calls: Calls): Upload {
  return async (lane, text, { device, isForced }) => {
    const about = { rom_id: String(lane.romId), slot: lane.slot, name: lane.file };
    const answer =
      device?.protocol === "own"
        ? await calls.call(
            `/api/sync/versions?${new URLSearchParams({ ...about, device_id: device.id, is_forced: String(isForced) })}`,
            { method: "POST", body: text },
          )
        : await sendForm(
            calls,
            { lane, text },
            {
              ...(device === null ? {} : { device_id: device.id }),
              overwrite: String(isForced),
              autocleanup: "true",
              autocleanup_limit: "20",
            },
          );
    if (answer.status === 409) return null;
    const parsed = JSON.parse(requireOk("an upload", answer)) as { id: number; version?: { id: number } };
    return parsed.version?.id ?? parsed.id;
  };
}

function createReads(
  calls: Calls,
): Pick<Transport, "plan" | "download" | "acknowledge" | "complete" | "head"> {
  return {
    plan: async (device) => await PLANS[device.protocol](calls, device),
    async download(device, saveId) {
      const answer = await calls.call(`/api/saves/${saveId}/content?device_id=${device.id}&optimistic=false`);
      // Somebody removed it since the plan was made.
      return answer.status === 404 ? null : requireOk("a download", answer);
    },
    async acknowledge(device, saveId, text) {
      if (device.protocol === "own") {
        const versions = [{ kind: "save", id: saveId, sha1: digest("sha1", text) }];
        await calls.mutate("sync.acknowledge", { deviceId: device.id, versions });
        return;
      }
      const answer = await calls.post(`/api/saves/${saveId}/downloaded`, { device_id: device.id });
      if (answer.status !== 404) requireOk("/downloaded", answer);
    },
    async complete(session) {
      await calls.post(`/api/sync/sessions/${session}/complete`, {});
    },
    async head({ romId, slot }) {
      const { text } = await calls.call(`/api/saves?rom_id=${romId}&slot=${slot}`);
      const saves = JSON.parse(text) as SaveRow[];
      const [newest] = saves.sort(
        (a, b) => Date.parse(b.updated_at) - Date.parse(a.updated_at) || b.id - a.id,
      );
      if (newest === undefined) return null;
      const content = await calls.call(`/api/saves/${newest.id}/content`);
      return { saveId: newest.id, text: requireOk("the newest save", content) };
    },
  };
}

interface HistoryRow {
  readonly versionId: number | null;
  readonly trashId: number | null;
  readonly purgedAt: string | null;
}

const names = (hash: string | null, text: string) =>
  hash === digest("md5", text) || hash === digest("sha1", text);

function createQuestions({ ask }: Calls): Pick<Transport, "isRetrievable" | "hasConflict"> {
  return {
    async isRetrievable({ romId, slot }, text) {
      const found = await ask<HistoryRow[]>("sync.history", { romId, slot, sha1: digest("sha1", text) });
      return found.some(({ purgedAt }) => purgedAt === null);
    },
    async hasConflict({ romId }, { server, device }) {
      const conflicts = await ask<{ serverContentHash: string | null; deviceContentHash: string | null }[]>(
        "sync.conflicts",
        { romId, limit: 500 },
      );
      return conflicts.some(
        ({ serverContentHash, deviceContentHash }) =>
          names(serverContentHash, server) && names(deviceContentHash, device),
      );
    },
  };
}

/** Makes the requests against whatever server stands at the place now. */
export function createTransport(place: () => ServerPlace, lanes: readonly Lane[]): Transport {
  const calls = createCalls(place, lanes);
  return {
    ...createReads(calls),
    ...createQuestions(calls),
    upload: createUpload(calls),
    async replace(saveId, text, device) {
      const form = new FormData();
      form.append("saveFile", new File([text], "whatever.srm"));
      const query = device === null ? "" : `?device_id=${device.id}`;
      const { status } = await calls.call(`/api/saves/${saveId}${query}`, { method: "PUT", body: form });
      return status === 200;
    },
    async remove(saveId) {
      await calls.post("/api/saves/delete", { saves: [saveId] });
    },
    async restore({ romId, slot }, text) {
      const sha1 = digest("sha1", text);
      const [version] = await calls.ask<HistoryRow[]>("sync.history", { romId, slot, sha1 });
      if (version === undefined) return false;
      const { versionId, trashId } = version;
      await calls.mutate("sync.restore", versionId === null ? { trashId } : { versionId });
      return true;
    },
  };
}
