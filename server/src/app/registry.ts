import type { AnyOperation } from "../base/operation.ts";
import type { ProcedureMeta } from "../rpc/procedures.ts";
import { restRoutes } from "./rest.ts";
import { appRouter } from "./trpc.ts";

/** One way to reach an operation from outside. */
export interface Entry {
  readonly door: "rest" | "rpc";
  /** Such as `GET /api/roms/{id}` or `roms.get`; unique. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path of the request; path parameters stand in braces. */
  readonly path: string;
  /** A subscription answers refusals inside its stream. */
  readonly isStream: boolean;
  /** Who may call it. */
  readonly access: Pick<AnyOperation, "scope" | "orScope" | "isOpen">;
}

/** Every operation behind every door, as the mount lists name them. */
export function listEntries(): readonly Entry[] {
  return [...restEntries(), ...rpcEntries()];
}

function restEntries(): readonly Entry[] {
  return restRoutes.map(({ method, path, operation }) => ({
    door: "rest",
    name: `${method} ${path}`,
    method,
    path,
    isStream: false,
    access: operation,
  }));
}

/** What the router tells about one of its procedures. */
interface ProcedureFacts {
  readonly type: "query" | "mutation" | "subscription";
  readonly meta?: ProcedureMeta | undefined;
}

type Procedures = Readonly<Record<string, { readonly _def: ProcedureFacts }>>;

/** A procedure that tells nothing about its access counts as open to everyone, so that a check notices it. */
const UNKNOWN_ACCESS: Entry["access"] = { scope: "public" };

function rpcEntries(): readonly Entry[] {
  // At run time this is one flat table by full name; its type describes the nested form.
  const procedures = appRouter._def.procedures as unknown as Procedures;
  return Object.entries(procedures).map(([name, { _def: facts }]) => ({
    door: "rpc",
    name,
    method: facts.type === "mutation" ? "POST" : "GET",
    path: `/trpc/${name}`,
    isStream: facts.type === "subscription",
    access: facts.meta?.access ?? UNKNOWN_ACCESS,
  }));
}
