import { toOperationWire, toTotalsWire } from "../negotiation/wire.ts";
import { isFields, rename, withZone } from "../wire.ts";
import type { DocumentedOperation, DocumentedPlan } from "./contract.ts";

const FOLDERS = { save: "/api/saves", state: "/api/states" } as const;

function toDocumentedWire(operation: DocumentedOperation) {
  const folder = FOLDERS[operation.kind];
  const beside = {
    upload: { destination: folder },
    download: { source: `${folder}/${operation.saveId}/content`, dest_path: operation.destinationPath },
    conflict: { resolution: operation.resolution },
    no_op: {},
  }[operation.action];
  return {
    type: operation.action === "no_op" ? "noop" : operation.action,
    file: operation.file,
    ...beside,
    ...toOperationWire(operation),
  };
}

/** The answer of the protocol that lists roms with their files; what the other one says stands beside it. */
export function toDocumentedPlanWire({ sessionUuid, documented }: DocumentedPlan) {
  return {
    session_id: sessionUuid,
    operations: documented.map(toDocumentedWire),
    ...toTotalsWire(documented),
  };
}

function fromFileWire(file: unknown): unknown {
  if (!isFields(file)) return file;
  const renamed = rename(file, { file: "file", modifiedAt: "mtime", sha1: "sha1" });
  return "modifiedAt" in renamed ? { ...renamed, modifiedAt: toMoment(renamed.modifiedAt) } : renamed;
}

/** File times come as text, or as seconds since 1970. */
function toMoment(value: unknown): unknown {
  if (typeof value !== "number") return withZone(value);
  const moment = new Date(value * 1000);
  return Number.isNaN(moment.getTime()) ? value : moment.toISOString();
}

function fromRomWire(rom: unknown): unknown {
  if (!isFields(rom)) return rom;
  const { saves } = rom;
  return {
    ...rename(rom, { romId: "rom_id" }),
    ...(saves === undefined ? {} : { saves: Array.isArray(saves) ? saves.map(fromFileWire) : saves }),
  };
}

/** Reads the body of that protocol; a device may be named by a number. */
export function fromDocumentedWire(body: Readonly<Record<string, unknown>>): unknown {
  const { roms, device_id: deviceId } = body;
  return {
    ...rename(body, { deviceId: "device_id", isDryRun: "dry_run" }),
    ...(typeof deviceId === "number" ? { deviceId: String(deviceId) } : {}),
    roms: Array.isArray(roms) ? roms.map(fromRomWire) : roms,
  };
}
