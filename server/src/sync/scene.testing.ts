/** Devices that sync over both doors. */
import { createHash } from "node:crypto";
import { ADMIN } from "../auth/calls.testing.ts";
import { openSaveScene, type SaveScene } from "../saves/scene.testing.ts";
import type { PlannedAction, RemotePlan } from "./plans/contract.ts";
import type { HistoricVersion, StoredVersion } from "./versions/contract.ts";

/** What a device tells of one file. */
export interface ToldFile {
  readonly name: string;
  readonly text: string;
  readonly slot?: string | null;
  readonly at?: string;
}

export interface SyncScene extends SaveScene {
  /** Calls a mutation of the typed door; the body is the output or the error's data. */
  mutate<T>(procedure: string, input: unknown): Promise<{ readonly status: number; readonly body: T }>;
  /** Plans in the sync's own protocol; every file is of the scene's rom. */
  plan(deviceId: string, files: readonly ToldFile[], more?: object): Promise<RemotePlan>;
  /** Sends bytes as a version. */
  store(
    query: Record<string, string | number | boolean>,
    text: string,
  ): Promise<{ readonly status: number; readonly body: StoredVersion & { readonly detail?: unknown } }>;
  history(query?: object): Promise<readonly HistoricVersion[]>;
}

/** Digest as lower-case hex. */
export const sha1 = (text: string) => createHash("sha1").update(text).digest("hex");

/** When files of devices were changed unless said. */
export const FILE_AT = "2026-01-01T00:00:00Z";

/** The action about one file. */
export function actionOf(plan: RemotePlan, name: string): PlannedAction | undefined {
  return plan.actions.find(({ key, remote }) => key === name || remote?.name === name);
}

/** Opens the scene. */
export async function openSyncScene(): Promise<SyncScene> {
  const scene = await openSaveScene();
  const { app } = scene.library;
  const mutate = async <T>(procedure: string, input: unknown) => {
    const response = await app.fetch(`/trpc/${procedure}`, {
      method: "POST",
      headers: { authorization: ADMIN, "content-type": "application/json" },
      body: JSON.stringify(input),
    });
    const { result, error } = (await response.json()) as {
      result?: { data: T };
      error?: { data: T };
    };
    return { status: response.status, body: (result ?? error)?.data as T };
  };
  return {
    ...scene,
    mutate,
    async plan(deviceId, files, more = {}) {
      const entries = files.map(({ name, text, slot = null, at = FILE_AT }) => ({
        key: name,
        rom: scene.romId,
        kind: "save",
        slot,
        name,
        hash: sha1(text),
        sizeBytes: text.length,
        modifiedAt: at,
      }));
      return (await mutate<RemotePlan>("sync.plan", { deviceId, entries, ...more })).body;
    },
    async store(query, text) {
      const search = new URLSearchParams(
        Object.entries({ rom_id: scene.romId, ...query }).map(([key, value]) => [key, String(value)]),
      );
      const init = { method: "POST", body: text, headers: { authorization: ADMIN } };
      return await scene.library.get(`/api/sync/versions?${search}`, init);
    },
    history: async (query = {}) =>
      (await scene.library.ask<HistoricVersion[]>("sync.history", { romId: scene.romId, ...query })).body,
  };
}
