import { isFields, rename, withZone } from "../wire.ts";
import type { Negotiation, SyncOperation } from "./contract.ts";

/** One operation of the compatible protocol. */
export function toOperationWire(operation: SyncOperation) {
  return {
    action: operation.action,
    rom_id: operation.romId,
    save_id: operation.saveId,
    file_name: operation.fileName,
    slot: operation.slot,
    emulator: operation.emulator,
    reason: operation.reason,
    server_updated_at: operation.serverUpdatedAt,
    server_content_hash: operation.serverContentHash,
  };
}

/** How many operations of each sort there are. */
export function toTotalsWire(operations: readonly SyncOperation[]) {
  const count = (action: SyncOperation["action"]) =>
    operations.filter((each) => each.action === action).length;
  return {
    total_upload: count("upload"),
    total_download: count("download"),
    total_conflict: count("conflict"),
    total_no_op: count("no_op"),
  };
}

/** The compatible answer to a negotiation. */
export function toNegotiationWire({ sessionId, operations }: Negotiation) {
  return {
    session_id: sessionId,
    operations: operations.map(toOperationWire),
    ...toTotalsWire(operations),
  };
}

const ENTRY_NAMES = {
  romId: "rom_id",
  fileName: "file_name",
  slot: "slot",
  emulator: "emulator",
  contentHash: "content_hash",
  updatedAt: "updated_at",
  sizeBytes: "file_size_bytes",
} as const;

function fromEntryWire(entry: unknown): unknown {
  if (!isFields(entry)) return entry;
  const renamed = rename(entry, ENTRY_NAMES);
  return "updatedAt" in renamed ? { ...renamed, updatedAt: withZone(renamed.updatedAt) } : renamed;
}

/** Reads the compatible body of a negotiation. */
export function fromNegotiateWire(body: unknown): unknown {
  if (!isFields(body)) return body;
  const { saves } = body;
  return {
    ...rename(body, { deviceId: "device_id", isDryRun: "dry_run" }),
    ...(saves === undefined ? {} : { saves: Array.isArray(saves) ? saves.map(fromEntryWire) : saves }),
  };
}
